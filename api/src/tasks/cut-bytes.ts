/** The longest beginning of `text` of whole characters with at most `limit` bytes of UTF-8. */
export function cutBytes(text: string, limit: number): string {
  let bytes = 0;
  let kept = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > limit) return kept;
    kept += character;
  }
  return text;
}
