import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { HeadReader } from "./head-reader.ts";

/** How many bytes the reader takes, and what it makes of them, when `text` comes in pieces of `size` bytes. */
function read(text: string, size: number): { taken: number; lines: readonly string[] | undefined } {
  const bytes = Buffer.from(text, "latin1");
  const reader = new HeadReader();
  let taken = 0;
  while (taken < bytes.length && reader.lines === undefined) taken += reader.push(bytes.subarray(taken, taken + size));
  return { taken, lines: reader.lines };
}

describe("a head that comes in one piece", () => {
  it.each([
    ["with a body behind it", "HTTP/1.1 200 OK\r\na: b\r\n\r\nbody\r\n\r\n", 25],
    ["of one line", "HTTP/1.1 200 OK\r\n\r\n", 19],
    ["of no line, with lines of somebody else behind it", "\r\nHTTP/1.1 200 OK\r\na: b\r\n\r\n", 2],
  ])("is read as one that comes byte by byte: %s", (_what, text, length) => {
    const whole = read(text, text.length);
    expect(whole.taken).toBe(length);
    expect(whole).toEqual(read(text, 1));
  });

  it.each(["a: b\nc: d\r\n\r\n", "a: b\rc\r\n\r\n", "a: b\r\r\n\r\n"])("may not hold %j either", (text) => {
    for (const size of [1, text.length]) expect(() => read(text, size)).toThrow("does not end in CR LF");
  });
});
