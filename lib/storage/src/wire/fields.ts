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

/**
 * Header or trailer lines (without their line ends) by lower-case name, values in the order they came. Strict as RFC 9112
 * section 5 lets a client be: no folded lines, no blank before the colon; each is a way to smuggle one field as another.
 */
export function parseFields(lines: readonly string[]): Map<string, string[]> {
  if (lines.length > maxFields) throw malformed(`more than ${maxFields} header fields`);
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!isFieldName(name)) throw malformed("a header line without a proper name");
    const value = withoutBlanks(line, colon + 1);
    if (!isFieldValue(value)) throw malformed("a control character in a header");
    const key = name.toLowerCase();
    const values = fields.get(key);
    if (values === undefined) fields.set(key, [value]);
    else values.push(value);
  }
  return fields;
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
