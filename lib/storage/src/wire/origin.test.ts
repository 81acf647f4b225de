import { describe, expect, it } from "vitest";
import { parseOrigin } from "./origin.ts";

describe("an origin", () => {
  it.each([
    { text: "http://store", expected: { tls: false, host: "store", port: 80, peer: "store:80", hostField: "store" } },
    { text: "https://store", expected: { tls: true, host: "store", port: 443, peer: "store:443", hostField: "store" } },
    { text: "http://store:9000", expected: { port: 9000, hostField: "store:9000" } },
    { text: "http://[::1]:9000", expected: { host: "::1", peer: "[::1]:9000", hostField: "[::1]:9000" } },
  ])("$text has its parts", ({ text, expected }) => {
    expect(parseOrigin(text)).toMatchObject(expected);
  });

  it.each([
    "",
    "store",
    "ftp://store",
    "http://",
    "http://store/path",
    "http://store?x",
    "http://me:secret@store",
    "http://store#x",
  ])("%s is refused without being repeated", (text) => {
    expect(() => parseOrigin(text)).toThrow("an origin is http:// or https://, a host and perhaps a port");
  });
});
