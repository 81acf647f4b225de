/**
 * Shortens text to at most `maxBytes` of UTF-8, with a visible mark in the middle. Most of what is kept is the tail,
 * where an exception's own words stand; no character is cut in two. `maxBytes` is at least 64.
 */
export function truncateMiddle(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return bytes.toString();
  // The count in the mark has as many digits whatever is cut, so its room is known beforehand.
  const room = maxBytes - mark(bytes.length).length;
  const head = boundaryBefore(bytes, Math.floor(room / 4));
  const tail = boundaryAfter(bytes, bytes.length - (room - head));
  return `${bytes.toString("utf8", 0, head)}${mark(tail - head)}${bytes.toString("utf8", tail)}`;
}

function mark(cut: number): string {
  return `\n[${cut} bytes cut]\n`;
}

function boundaryBefore(bytes: Uint8Array, at: number): number {
  let position = at;
  while (position > 0 && isContinuation(bytes[position])) position -= 1;
  return position;
}

function boundaryAfter(bytes: Uint8Array, at: number): number {
  let position = at;
  while (position < bytes.length && isContinuation(bytes[position])) position += 1;
  return position;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
