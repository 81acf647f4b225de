import { DataPlaneError } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { formatRequestHead, type RequestHead } from "./request-head.ts";

function format(changes: Partial<RequestHead> = {}): string {
  const head = {
    method: "GET",
    target: "/a?b",
    hostField: "store:9000",
    headers: {},
    bodyLength: undefined,
    ...changes,
  };
  return formatRequestHead(head);
}

describe("a request's head", () => {
  it("names the host and ends with an empty line", () => {
    expect(format()).toBe("GET /a?b HTTP/1.1\r\nhost: store:9000\r\n\r\n");
  });

  it("keeps a host that was given, in whatever letters", () => {
    expect(format({ headers: { Host: "other" } })).toBe("GET /a?b HTTP/1.1\r\nHost: other\r\n\r\n");
  });

  it.each([
    { name: "a body of known length", changes: { method: "PUT", bodyLength: 5 }, has: "content-length: 5\r\n" },
    {
      name: "a body of unknown length",
      changes: { method: "PUT", bodyLength: "chunked" as const },
      has: "transfer-encoding: chunked\r\n",
    },
    { name: "a POST without a body", changes: { method: "POST" }, has: "content-length: 0\r\n" },
    {
      name: "a length that was given",
      changes: { method: "PUT", bodyLength: 5, headers: { "Content-Length": "5" } },
      has: "Content-Length: 5\r\n",
    },
  ])("says the framing of $name once", ({ changes, has }) => {
    const text = format(changes);
    expect(text).toContain(has);
    expect(text.match(/content-length|transfer-encoding/gi)).toHaveLength(1);
  });

  it("sends letters beyond ASCII as single bytes", () => {
    expect(format({ headers: { x: "é" } })).toContain("x: \xe9\r\n");
  });

  it.each([
    { name: "a line end in a value", changes: { headers: { x: "a\r\nhost: evil" } } },
    { name: "LF in a value", changes: { headers: { x: "a\nb" } } },
    { name: "CR in a value", changes: { headers: { x: "a\rb" } } },
    { name: "NUL in a value", changes: { headers: { x: "a\0b" } } },
    { name: "a character that is no byte", changes: { headers: { x: "\u20ac" } } },
    { name: "a line end in a name", changes: { headers: { "x\r\ny": "a" } } },
    { name: "a colon in a name", changes: { headers: { "x:y": "a" } } },
    { name: "an empty name", changes: { headers: { "": "a" } } },
    { name: "a blank in the target", changes: { target: "/a b" } },
    { name: "a line end in the target", changes: { target: "/a\r\nx: y" } },
    { name: "NUL in the target", changes: { target: "/a\0" } },
    { name: "letters beyond ASCII in the target", changes: { target: "/é" } },
    { name: "an empty target", changes: { target: "" } },
    { name: "a method that is no word", changes: { method: "GET /x" } },
    { name: "one header in two spellings", changes: { headers: { "x-a": "1", "X-A": "2" } } },
    { name: "a framing of the caller's own", changes: { headers: { "Transfer-Encoding": "chunked" } } },
    { name: "a connection option", changes: { headers: { connection: "close" } } },
    { name: "another length than the body's", changes: { bodyLength: 5, headers: { "content-length": "6" } } },
  ])("with $name is refused", ({ changes }) => {
    const attempt = (): string => format(changes);
    expect(attempt).toThrow(DataPlaneError);
    expect(attempt).toThrow("cannot be written");
  });
});
