import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { FinalHead } from "./final-head.ts";
import type { ResponseHead } from "./response-head.ts";

/** What is made of `text` when it comes in pieces of `size` bytes. */
function read(text: string, size: number): ResponseHead | undefined {
  const bytes = Buffer.from(text, "latin1");
  const heads = new FinalHead();
  for (let at = 0; at < bytes.length && heads.head === undefined; at += size) heads.push(bytes.subarray(at, at + size));
  return heads.head;
}

it.each([
  { name: "two fields of one name", fields: 'ETag: "a"\r\nx-id: 1\r\nX-Id:2\r\n' },
  { name: "the same in another order", fields: 'X-Id:2\r\nx-id: 1\r\nETag: "a"\r\n' },
  { name: "blanks and nothing", fields: "a:  b c  \r\nb:\r\nc: \r\n" },
  { name: "letters beyond ASCII", fields: "x-amz-meta-a: \xe9\xff\r\n__proto__: 1\r\nconstructor: 2\r\n" },
  { name: "what frames a body", fields: "Content-Length: 5\r\nConnection: close, X\r\n" },
  { name: "two lengths", fields: "Content-Length: 5\r\ncontent-length: 5\r\n" },
  { name: "a coding", fields: "Transfer-Encoding: chunked\r\nKeep-Alive: timeout=5\r\n" },
  { name: "a tab", fields: "a:\tb\tc\r\nb: c\r\n" },
  { name: "no field", fields: "" },
  { name: "many fields", fields: Array.from({ length: 200 }, (_, index) => `f${index}: ${index}\r\n`).join("") },
])("a head that comes in one piece says what it says byte by byte: $name", ({ fields }) => {
  const text = `HTTP/1.1 206 Partial Content\r\n${fields}\r\n`;
  const [whole, pieces] = [read(text, text.length), read(text, 1)];
  expect(whole).toBeDefined();
  const { headers, ...rest } = whole ?? {};
  const { headers: expected, ...others } = pieces ?? {};
  expect(rest).toEqual(others);
  const names = [...(expected?.keys() ?? []), "none"];
  expect(names.map((name) => [headers?.get(name), headers?.has(name)])).toEqual(
    names.map((name) => [expected?.get(name), expected?.has(name)]),
  );
  const told: [string, string][] = [];
  headers?.forEach((value, name) => told.push([name, value]));
  expect([headers?.size, [...(headers ?? [])], [...(headers?.keys() ?? [])], [...(headers?.values() ?? [])]]).toEqual([
    expected?.size,
    [...(expected ?? [])],
    [...(expected?.keys() ?? [])],
    [...(expected?.values() ?? [])],
  ]);
  expect(told).toEqual([...(expected ?? [])]);
});
