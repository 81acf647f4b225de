/** How a line of a head begins: its name as it was sent, the colon, and the name in lower case. */
export interface FieldName {
  readonly start: string;
  readonly name: string;
}

/** A server begins its lines alike in all of its answers, though in any order: names seen before are not made anew. */
const known: FieldName[][] = [];
const maxKnownLength = 64;
const maxKnownOfLength = 8;

/** The name with which the line at `from` begins, up to the colon at `colon`. */
export function fieldNameAt(text: string, from: number, colon: number): FieldName {
  const length = colon - from;
  const alike = known[length] ?? [];
  for (const field of alike) if (text.startsWith(field.start, from)) return field;
  const name = text.slice(from, colon);
  const field = { start: `${name}:`, name: name.toLowerCase() };
  // Users' metadata have names of their own, which must not fill the memory.
  if (length > maxKnownLength || alike.length >= maxKnownOfLength) return field;
  known[length] = [...alike, field];
  return field;
}
