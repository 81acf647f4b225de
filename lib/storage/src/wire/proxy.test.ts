import { describe, expect, it } from "vitest";
import { parseOrigin } from "./origin.ts";
import { createProxyRule } from "./proxy.ts";

const http = "http://proxy.test:3128";

describe("the choice of a proxy", () => {
  it.each([
    { name: "an http origin", origin: "http://store.test", peer: "proxy.test:3128" },
    { name: "an https origin", origin: "https://store.test", peer: "secure.test:443" },
  ])("takes the proxy of its scheme for $name", ({ origin, peer }) => {
    const rule = createProxyRule({ http, https: "https://secure.test" });
    expect(rule(parseOrigin(origin))?.peer).toBe(peer);
  });

  it("goes directly where there is none", () => {
    expect(createProxyRule({ http: "" })(parseOrigin("http://store.test"))).toBeUndefined();
  });

  it("takes a proxy without a scheme for an http one", () => {
    expect(createProxyRule({ http: "proxy.test:3128" })(parseOrigin("http://store.test"))?.port).toBe(3128);
  });

  it("turns the credentials of its URL into a header and keeps them out of its name", () => {
    const proxy = createProxyRule({ http: "http://me:s%40cret@proxy.test:3128" })(parseOrigin("http://store.test"));
    expect(proxy?.authorization).toBe(`Basic ${btoa("me:s@cret")}`);
    expect(proxy?.peer).toBe("proxy.test:3128");
  });

  it.each(["socks5://proxy.test:1080", "http://", "http://a b", "http://me:s%cret@proxy.test"])(
    "refuses %s without repeating it",
    (text) => {
      expect(() => createProxyRule({ http: text })).toThrow("a proxy is an http:// or https:// URL");
    },
  );

  it.each([
    { no: "*", origin: "http://store.test", direct: true },
    { no: "store.test", origin: "http://store.test", direct: true },
    { no: "STORE.test", origin: "http://store.test", direct: true },
    { no: "store.test", origin: "http://a.store.test", direct: true },
    { no: ".store.test", origin: "http://a.store.test", direct: true },
    { no: "*.store.test", origin: "http://a.store.test", direct: true },
    { no: "store.test", origin: "http://notstore.test", direct: false },
    { no: "store.test:9000", origin: "http://store.test:9000", direct: true },
    { no: "store.test:9000", origin: "http://store.test", direct: false },
    { no: "other.test, store.test", origin: "http://store.test", direct: true },
    { no: "other.test store.test", origin: "http://store.test", direct: true },
    { no: "10.1.2.3", origin: "http://10.1.2.3:9000", direct: true },
    { no: "10.1.2.3:80", origin: "http://10.1.2.3:9000", direct: false },
    { no: "10.0.0.0/8", origin: "http://10.1.2.3", direct: true },
    { no: "10.0.0.0/8", origin: "http://11.1.2.3", direct: false },
    { no: "10.0.0.0/99", origin: "http://10.1.2.3", direct: false },
    { no: "fd00::/8", origin: "http://[fd00::1]:9000", direct: true },
    { no: "[fd00::1]:9000", origin: "http://[fd00::1]:9000", direct: true },
    { no: "fd00::1", origin: "http://[fd00::1]:9000", direct: true },
    { no: "", origin: "http://localhost:9000", direct: true },
    { no: "", origin: "http://127.0.0.9", direct: true },
    { no: "", origin: "http://[::1]", direct: true },
    { no: "", origin: "http://store.test", direct: false },
  ])("with '$no' to leave out, $origin is direct: $direct", ({ no, origin, direct }) => {
    expect(createProxyRule({ http, no })(parseOrigin(origin)) === undefined).toBe(direct);
  });
});
