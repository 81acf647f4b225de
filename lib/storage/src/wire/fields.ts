import { malformed } from "./failures.ts";

/** More fields than any store sends; a peer that goes on for ever must not fill the memory. */
const maxFields = 200;

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

/** Servers say the same over and over, but for a few lines of each response. */
const known = new Map<string, Field>();
const maxKnown = 256;
const longestKnown = 256;

/**
 * One line, without its end. Strict as RFC 9112 section 5 lets a client be: no folded lines, no blank before the colon; each
 * is a way to smuggle one field as another. Throws `unavailable`.
 */
export function fieldOf(line: string): Field {
  const field = known.get(line);
  if (field !== undefined) return field;
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (!isFieldName(name)) throw malformed("a header line without a proper name");
  const value = withoutBlanks(line, colon + 1);
  if (!isFieldValue(value)) throw malformed("a control character in a header");
  const read = { name: name.toLowerCase(), value };
  if (line.length <= longestKnown) {
    if (known.size >= maxKnown) known.clear();
    known.set(line, read);
  }
  return read;
}

/** `line` from `start`, without blanks and tabs at either end. A pattern that does this takes quadratic time. */
function withoutBlanks(line: string, start: number): string {
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
