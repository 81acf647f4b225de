/**
 * Headers that a handler sets. The web's own take what HTTP does not, control characters, and the head is written when
 * the handler is long gone: here whoever sets such a value is told at once, and the call fails as any that throws.
 */
export function answerHeaders(): Headers {
  const headers = new Headers();
  const { set, append } = headers;
  return Object.assign(headers, {
    set: (name: string, value: string): void => set.call(headers, name, legal(name, value)),
    append: (name: string, value: string): void => append.call(headers, name, legal(name, value)),
  });
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
