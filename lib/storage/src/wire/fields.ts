import { malformed } from "./failures.ts";

/** More fields than any store sends; a peer that goes on for ever must not fill the memory. */
export const maxFields = 200;

const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** True for what may stand as a field's name. */
export function isFieldName(text: string): boolean {
  return fieldName.test(text);
}

/** True for what may stand as a field's value: Latin-1 without control characters. */
export function isFieldValue(text: string): boolean {
  return fieldValue.test(text);
}

/** A header or trailer, its name in lower case. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/**
 * Trailer lines (without their line ends) by lower-case name, the values of a repeated name joined by ", ". Throws
 * `unavailable` as `fieldOf` does, and for more of them than anybody sends.
 */
export function parseFields(lines: readonly string[]): Map<string, string> {
  checkCount(lines.length);
  const fields = new Map<string, string>();
  for (const line of lines) addField(fields, fieldOf(line));
  return fields;
}

export function checkCount(count: number): void {
  if (count > maxFields) throw malformed(`more than ${maxFields} header fields`);
}

export function addField(fields: Map<string, string>, { name, value }: Field): void {
  const before = fields.get(name);
  fields.set(name, before === undefined ? value : `${before}, ${value}`);
}

/**
 * One line, without its end. Strict as RFC 9112 section 5 lets a client be: no folded lines, no blank before the colon; each
 * is a way to smuggle one field as another. Throws `unavailable`.
 */
export function fieldOf(line: string): Field {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (!isFieldName(name)) throw malformed("a header line without a proper name");
  const value = withoutBlanks(line, colon + 1, line.length);
  if (!isFieldValue(value)) throw malformed("a control character in a header");
  return { name: name.toLowerCase(), value };
}

/** `text` from `start` to `end`, without blanks and tabs at either end. A pattern that does this takes quadratic time. */
export function withoutBlanks(text: string, start: number, end: number): string {
  let first = start;
  let last = end;
  while (first < last && isBlank(text.charCodeAt(first))) first += 1;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last -= 1;
  return text.slice(first, last);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
