import { describe, expect, it } from "vitest";
import { proxyOf } from "./network.ts";

describe("the proxies of the environment", () => {
  it("are those in lower case before the others, and an empty name is none", () => {
    const env = {
      HTTP_PROXY: "http://a",
      http_proxy: "http://b",
      HTTPS_PROXY: "http://c",
      https_proxy: "",
      NO_PROXY: "d",
    };
    expect(proxyOf(env)).toEqual({ http: "http://b", https: "http://c", no: "d" });
    expect(proxyOf({})).toEqual({ http: undefined, https: undefined, no: undefined });
  });
});
