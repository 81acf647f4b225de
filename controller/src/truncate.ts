const marker = "…[truncated]…";

/**
 * `text` in at most `maxBytes` UTF-8 bytes, cut between characters. The tail is kept, since errors end with what
 * matters, with a quarter of the room for the beginning.
 */
export function truncate(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength(marker);
  const headBytes = Math.floor(room / 4);
  return `${cut(bytes.subarray(0, headBytes), "end")}${marker}${cut(bytes.subarray(bytes.length - (room - headBytes)), "start")}`;
}

/** Drops the broken character that a cut may have left on one side. */
function cut(bytes: Uint8Array, side: "start" | "end"): string {
  const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
  let start = 0;
  let end = bytes.length;
  if (side === "start") {
    while (start < end && isContinuation(bytes[start])) start += 1;
  } else {
    let lead = end - 1;
    while (lead > 0 && isContinuation(bytes[lead])) lead -= 1;
    const first = bytes[lead] ?? 0;
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (end - lead < length) end = lead;
  }
  return Buffer.from(bytes.subarray(start, end)).toString("utf8");
}
