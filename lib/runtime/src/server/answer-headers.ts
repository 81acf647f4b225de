/**
 * Headers that a handler sets. The web's own take what HTTP does not, control characters, and the head is written when
 * the handler is long gone: here whoever sets such a value is told at once, and the call fails as any that throws.
 */
export class AnswerHeaders extends Headers {
  override set(name: string, value: string): void {
    super.set(name, legal(name, value));
  }

  override append(name: string, value: string): void {
    super.append(name, legal(name, value));
  }
}

/** What may stand in a header field, of HTTP/1.1 and of HTTP/2. */
export function isLegalFieldValue(value: string): boolean {
  return !illegal.test(value);
}

// Node's rule for both versions.
const illegal = /[^\t\x20-\x7e\x80-\xff]/;

function legal(name: string, value: string): string {
  if (isLegalFieldValue(String(value))) return value;
  throw new TypeError(`header ${name}: its value holds a character that HTTP does not allow`);
}
