import { describe, expect, it } from "vitest";
import { parseWebAddress } from "./address.ts";

describe("a web address", () => {
  it.each([
    { address: "https://host/a/b?x=1", origin: "https://host", key: "a/b?x=1" },
    { address: "HTTP://Host:80", origin: "http://host", key: "" },
    { address: "http://host:8080/../a//./b%2f%2F", origin: "http://host:8080", key: "../a//./b%2f%2F" },
    { address: "http://host/a?sig=a+b%20c/=&&#part", origin: "http://host", key: "a?sig=a+b%20c/=&&" },
    { address: "http://host?x=1", origin: "http://host", key: "?x=1" },
    { address: "http://host/ä b?ü=\ud83c", origin: "http://host", key: "%C3%A4%20b?%C3%BC=%EF%BF%BD" },
    { address: "http://[::1]:9000/a", origin: "http://[::1]:9000", key: "a" },
  ])("$address is sent as it is written", ({ address, origin, key }) => {
    expect(parseWebAddress(address)).toMatchObject({ origin, key });
  });

  it("is shown without its query, which may be a signature", () => {
    expect(parseWebAddress("https://host:8443/a b?X-Amz-Signature=1#x").ref).toBe("https://host:8443/a b");
  });

  it.each(["ftp://host/a", "host/a", "http://", "http:///a", "http://host:port/", "http://a b/", "https:host/a", ""])(
    "'%s' is none",
    (address) => {
      expect(() => parseWebAddress(address)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    },
  );

  it.each(["https://user@host/a", "https://user:hidden@host/a", "https://hidden\\@host/", "https://a@hidden@host/"])(
    "'%s' with a user's name is refused, and the name is not repeated",
    (address) => {
      const attempt = (): unknown => parseWebAddress(address);
      expect(attempt).toThrow(expect.objectContaining({ code: "invalid_argument" }));
      expect(attempt).not.toThrow(/user@|hidden/);
    },
  );
});
