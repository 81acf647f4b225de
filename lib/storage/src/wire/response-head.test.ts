import { DataPlaneError } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { FinalHead } from "./final-head.ts";
import { framingOf } from "./framing-of.ts";

/** Reads `text` as a response to `method`, in chunks of `size`; resolves to the body's bytes and the state at the end. */
function read(
  text: string,
  size = 7,
  method = "GET",
): { body: string; done: boolean; surplus: boolean; status: number } {
  const heads = new FinalHead();
  const bytes = latin1(text);
  let at = 0;
  while (heads.head === undefined && at < bytes.length) at += heads.push(bytes.subarray(at, at + size));
  if (heads.head === undefined) throw new Error("the head is not complete");
  const framing = framingOf(method, heads.head);
  let body = "";
  for (; at < bytes.length; at += size) {
    // Decoding moves bytes, so each chunk is a copy.
    const chunk = bytes.slice(at, at + size);
    body += String.fromCharCode(...chunk.subarray(0, framing.decode(chunk)));
  }
  return { body, done: framing.done, surplus: framing.surplus, status: heads.head.status };
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function refusal(text: string, method = "GET"): string {
  try {
    read(text, 5, method);
  } catch (error) {
    if (error instanceof DataPlaneError && error.code === "unavailable") return error.message;
    throw error;
  }
  return "accepted";
}

const sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("a well-formed response", () => {
  it.each([
    { name: "with a length", text: `${sized}hello`, body: "hello" },
    { name: "with a length of zero", text: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", body: "" },
    { name: "without a reason phrase", text: "HTTP/1.1 200\r\ncontent-length: 1\r\n\r\na", body: "a" },
    { name: "in chunks", text: `${chunked}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`, body: "hello!" },
    { name: "in chunks with extensions", text: `${chunked}2;a=b\r\nhi\r\n0;c="d e"\r\n\r\n`, body: "hi" },
    {
      name: "in chunks with trailers",
      text: `${chunked}0A\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n`,
      body: "0123456789",
    },
    {
      name: "whose coding is written in capitals",
      text: `${chunked.replace("chunked", "Chunked")}0\r\n\r\n`,
      body: "",
    },
    {
      name: "behind two interim ones",
      text: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nlink: a\r\n\r\n${sized}hello`,
      body: "hello",
    },
    {
      name: "with letters beyond ASCII in a value",
      text: `HTTP/1.1 200 OK\r\nx: \xe9\r\ncontent-length: 1\r\n\r\na`,
      body: "a",
    },
  ])("$name is read the same however it is cut", ({ text, body }) => {
    for (let size = 1; size <= text.length; size += 1) {
      expect(read(text, size)).toMatchObject({ body, done: true, surplus: false });
    }
  });

  it("of HTTP/1.0 without a length lasts until the connection ends", () => {
    expect(read("HTTP/1.0 200 OK\r\n\r\nhello")).toMatchObject({ body: "hello", done: false });
  });

  it("that closes the connection needs no length", () => {
    expect(read("HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\nhello")).toMatchObject({ body: "hello", done: false });
  });

  it.each([
    { name: "to HEAD", method: "HEAD", text: sized },
    { name: "to HEAD in chunks", method: "HEAD", text: chunked },
    { name: "with status 204", method: "GET", text: "HTTP/1.1 204 No Content\r\n\r\n" },
    { name: "with status 304", method: "GET", text: "HTTP/1.1 304 x\r\ncontent-length: 9\r\n\r\n" },
  ])("$name has no body", ({ method, text }) => {
    expect(read(text, 9, method)).toMatchObject({ body: "", done: true, surplus: false });
  });

  it.each([
    { name: "a length", text: `${sized}hello+` },
    { name: "chunks", text: `${chunked}0\r\n\r\n+` },
    { name: "no body", text: "HTTP/1.1 204 x\r\n\r\n+" },
  ])("with $name tells of bytes that follow it and hands none of them out", ({ text }) => {
    const whole = read(text, text.length);
    expect(whole.surplus).toBe(true);
    expect(whole.body).not.toContain("+");
  });
});

describe("a response that is refused", () => {
  it.each([
    { name: "another protocol", text: "SSH-2.0-OpenSSH\r\n\r\n", says: "status line" },
    { name: "a page without a head", text: "<html>\r\n\r\n", says: "status line" },
    { name: "HTTP/2 in text", text: "HTTP/2.0 200 OK\r\n\r\n", says: "status line" },
    { name: "a status of two digits", text: "HTTP/1.1 20 OK\r\n\r\n", says: "status line" },
    { name: "a status above 599", text: "HTTP/1.1 999 OK\r\n\r\n", says: "status line" },
    { name: "a status with its reason glued on", text: "HTTP/1.1 200OK\r\n\r\n", says: "status line" },
    { name: "an empty line first", text: `\r\n${sized}hello`, says: "status line" },
    { name: "lines ended by LF", text: "HTTP/1.1 200 OK\ncontent-length: 0\n\n", says: "CR LF" },
    { name: "a lone CR in a line", text: "HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n", says: "CR LF" },
    { name: "two CRs at a line's end", text: "HTTP/1.1 200 OK\r\r\n\r\n", says: "CR LF" },
    { name: "NUL in a value", text: "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n", says: "control" },
    { name: "a folded line", text: "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n", says: "name" },
    { name: "a blank before the colon", text: "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello", says: "name" },
    { name: "a line without a colon", text: "HTTP/1.1 200 OK\r\nhello\r\n\r\n", says: "name" },
    { name: "an empty name", text: "HTTP/1.1 200 OK\r\n: x\r\n\r\n", says: "name" },
    {
      name: "two lengths that differ",
      text: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
      says: "more than one",
    },
    {
      name: "two lengths that agree",
      text: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nhello",
      says: "more than one",
    },
    { name: "a list of lengths", text: "HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\nhello", says: "Content-Length" },
    { name: "a signed length", text: "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello", says: "Content-Length" },
    { name: "a negative length", text: "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", says: "Content-Length" },
    {
      name: "a length in hexadecimal",
      text: "HTTP/1.1 200 OK\r\ncontent-length: 0x5\r\n\r\nhello",
      says: "Content-Length",
    },
    {
      name: "a length beyond exact numbers",
      text: "HTTP/1.1 200 OK\r\ncontent-length: 9999999999999999\r\n\r\n",
      says: "Content-Length",
    },
    { name: "an empty length", text: "HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n", says: "Content-Length" },
    {
      name: "a length and chunks",
      text: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      says: "both",
    },
    { name: "another coding", text: "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n", says: "coding" },
    {
      name: "the coding twice",
      text: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
      says: "coding",
    },
    {
      name: "chunks in HTTP/1.0",
      text: "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      says: "HTTP/1.0",
    },
    { name: "neither length nor chunks nor close", text: "HTTP/1.1 200 OK\r\n\r\nhello", says: "no length" },
    { name: "a change of protocol", text: "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", says: "protocol" },
    {
      name: "an interim response with a length",
      text: `HTTP/1.1 100 x\r\ncontent-length: 5\r\n\r\n${sized}hello`,
      says: "interim",
    },
    {
      name: "an interim response of HTTP/1.0",
      text: `HTTP/1.0 100 x\r\n\r\n${sized}hello`,
      says: "interim",
    },
    {
      name: "an interim response that closes",
      text: `HTTP/1.1 100 x\r\nconnection: close\r\n\r\n${sized}hello`,
      says: "interim",
    },
    { name: "interim responses without end", text: "HTTP/1.1 100 Continue\r\n\r\n".repeat(17), says: "interim" },
    { name: "more than 64 KiB of head", text: `HTTP/1.1 200 OK\r\nx: ${"a".repeat(65536)}`, says: "65536" },
    { name: "more than 200 fields", text: `HTTP/1.1 200 OK\r\n${"x: a\r\n".repeat(201)}\r\n`, says: "200" },
    { name: "a chunk size that is none", text: `${chunked}g\r\n`, says: "chunk size" },
    { name: "an empty chunk size", text: `${chunked}\r\n`, says: "chunk size" },
    { name: "a chunk size in 0x form", text: `${chunked}0x5\r\nhello\r\n`, says: "chunk size" },
    { name: "a negative chunk size", text: `${chunked}-1\r\n`, says: "chunk size" },
    { name: "a chunk size beyond exact numbers", text: `${chunked}${"f".repeat(14)}\r\n`, says: "chunk size" },
    { name: "a blank behind a chunk size", text: `${chunked}5 \r\nhello\r\n`, says: "chunk size" },
    { name: "a chunk size ended by LF", text: `${chunked}5\nhello\r\n`, says: "chunk size" },
    { name: "a chunk longer than its size", text: `${chunked}4\r\nhello\r\n0\r\n\r\n`, says: "longer" },
    { name: "a chunk ended by LF", text: `${chunked}5\r\nhello\n0\r\n\r\n`, says: "longer" },
    { name: "a control character in an extension", text: `${chunked}5;\0\r\nhello\r\n`, says: "chunk size" },
    { name: "an endless size line", text: `${chunked}5;${"a".repeat(1024)}`, says: "size line" },
    {
      name: "extensions without end",
      text: `${chunked}${`1;${"a".repeat(1000)}\r\nx\r\n`.repeat(70)}`,
      says: "extensions",
    },
    { name: "a trailer that is no field", text: `${chunked}0\r\nhello\r\n\r\n`, says: "name" },
    { name: "a length in a trailer", text: `${chunked}0\r\ncontent-length: 5\r\n\r\n`, says: "trailer" },
    { name: "trailers ended by LF", text: `${chunked}0\r\n\n`, says: "CR LF" },
    { name: "more than 64 KiB of trailers", text: `${chunked}0\r\nx: ${"a".repeat(65536)}`, says: "65536" },
  ])("$name is unavailable, and the message tells which rule", ({ text, says }) => {
    expect(refusal(text)).toContain(says);
  });

  it("is never repeated in the message", () => {
    expect(refusal("HTTP/1.1 200 OK\r\nx-secret hunter2\r\n\r\n")).not.toContain("hunter2");
  });

  it.each([
    { name: "length", text: `${sized}hell`, says: "1 bytes before" },
    { name: "chunks", text: `${chunked}5\r\nhello\r\n`, says: "last chunk" },
  ])("because it ends within its $name is unavailable", ({ text, says }) => {
    const heads = new FinalHead();
    const bytes = latin1(text);
    const taken = heads.push(bytes);
    if (heads.head === undefined) throw new Error("the head is not complete");
    const framing = framingOf("GET", heads.head);
    framing.decode(bytes.subarray(taken));
    expect(() => framing.end()).toThrow(says);
  });
});
