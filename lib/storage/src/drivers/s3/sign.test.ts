import { describe, expect, it } from "vitest";
import { encodeKey, type LinkSigning, presign, signHeaders } from "./sign.ts";

const md5 = "XUFAKrxLKna5cZ2REBfFkg==";
const uploadPath = `/flyte-data/${encodeKey("uploads/flytesnacks/development/LVAUAKV4JMVHNOLRTWIRAF6FSI======/a.txt")}`;

function aLink(changes: Partial<LinkSigning> = {}): LinkSigning {
  return {
    method: "GET",
    scheme: "http",
    host: "localhost:30002",
    path: "/flyte-data/ab/flytesnacks/development/r1/a0/1/report.html",
    region: "us-east-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "SECRETEXAMPLE" },
    now: Date.UTC(2026, 0, 2, 3, 4, 5),
    expiresSeconds: 3600,
    ...changes,
  };
}

function aRequest(headers: Readonly<Record<string, string>>, target = "/bucket/key"): Record<string, string> {
  const { method, host, region, credentials, now } = aLink();
  return signHeaders({ method, host, region, credentials, now, target, headers, payloadHash: "UNSIGNED-PAYLOAD" });
}

function refusal(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe("links", () => {
  it.each([
    {
      name: "of a PUT with MD5 and metadata",
      link: aLink({
        method: "PUT",
        path: uploadPath,
        expiresSeconds: 60,
        headers: { "Content-MD5": md5, "x-amz-meta-flyteContentMD5": md5 },
      }),
      signature: "7a1f5bbaa37d05c8aaaea500643c5c060615d05ac2a76055e4dd1b007df3ea19",
    },
    {
      name: "of a PUT with MD5",
      link: aLink({ method: "PUT", path: uploadPath, expiresSeconds: 60, headers: { "Content-MD5": md5 } }),
      signature: "3c6a18b6801e6940f96358070203131a56302df1705d4aaf71e49853b26c1aba",
    },
    {
      name: "of a GET",
      link: aLink(),
      signature: "86eb3fd49a7179f601d3c1d33b250d5e3252116007750198282319cb887fcec0",
    },
  ])("the signature $name is the reference's [dataproxy 38]", ({ link, signature }) => {
    expect(presign(link)).toMatch(new RegExp(`&X-Amz-Signature=${signature}$`));
  });

  it("a session token stands in the query [dataproxy 45]", () => {
    const credentials = { ...aLink().credentials, sessionToken: "to+k/en=" };
    expect(presign(aLink({ credentials }))).toContain("&X-Amz-Security-Token=to%2Bk%2Fen%3D&");
  });

  it.each([1, 604_800])("%d seconds are accepted", (expiresSeconds) => {
    expect(presign(aLink({ expiresSeconds }))).toContain(`&X-Amz-Expires=${expiresSeconds}&`);
  });

  it.each([0, -1, 0.5, 604_801, Number.NaN, Number.POSITIVE_INFINITY])("%d seconds are refused", (expiresSeconds) => {
    expect(refusal(() => presign(aLink({ expiresSeconds })))).toMatchObject({ code: "invalid_argument" });
  });

  it("the same credentials sign with another key on another day, for another region and service", () => {
    const { credentials } = aLink();
    const links = [
      aLink(),
      aLink({ now: aLink().now + 86_400_000 }),
      aLink({ region: "eu-west-1" }),
      aLink({ service: "sts" }),
    ];
    const fresh = links.map((link) => presign({ ...link, credentials: { ...credentials } }));
    const kept = links.map((link) => presign({ ...link, credentials }));
    expect(kept).toEqual(fresh);
    expect(new Set(kept.map((url) => url.slice(-64))).size).toBe(links.length);
  });

  it("more scopes than are kept are still signed each with its own key", () => {
    const { credentials } = aLink();
    const regions = Array.from({ length: 40 }, (_, index) => `region-${index % 20}`);
    for (const region of regions) {
      expect(presign(aLink({ region, credentials }))).toBe(presign(aLink({ region, credentials: { ...credentials } })));
    }
  });
});

describe("headers", () => {
  it("only what reaches the store unchanged is signed", () => {
    const signed = aRequest({
      Range: "bytes=0-1",
      "User-Agent": "x",
      connection: "close",
      "proxy-x": "1",
      "Sec-A": "1",
    });
    expect(signed["authorization"]).toContain("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=");
    expect(signed["user-agent"]).toBe("x");
  });

  it("blanks around and within a value do not change the signature", () => {
    const [plain, blank] = [aRequest({ "x-amz-meta-a": "b c" }), aRequest({ "x-amz-meta-a": " \tb \t c  " })];
    expect(blank["authorization"]).toBe(plain["authorization"]);
  });

  it("an earlier signature is replaced when a request is signed again", () => {
    expect(aRequest(aRequest({ range: "bytes=0-1" }))).toEqual(aRequest({ range: "bytes=0-1" }));
  });

  it("parameters are signed by name, then by value, wherever they stand", () => {
    const orders = ["?a-b=1&a=2&uploads", "?uploads=&a=2&a-b=1", "?a=2&a-b=1&uploads"];
    const signatures = orders.map((query) => aRequest({}, `/bucket/key${query}`)["authorization"]);
    expect(new Set(signatures).size).toBe(1);
  });

  it.each([
    { name: "a line end in a value", headers: { "x-amz-meta-a": "b\r\nx: y" } },
    { name: "a letter beyond ASCII in a value", headers: { "x-amz-meta-a": "ü" } },
    { name: "a NUL in a value", headers: { "x-amz-meta-a": "\0" } },
    { name: "a line end in a name", headers: { "a\nb": "c" } },
    { name: "another host", headers: { Host: "elsewhere" } },
    { name: "a name in two spellings", headers: { Range: "a", range: "a" } },
    { name: "an empty name", headers: { "": "c" } },
  ])("$name is refused, and not repeated", ({ headers }) => {
    const error = refusal(() => aRequest(headers));
    expect(error).toMatchObject({ code: "invalid_argument" });
    expect((error as Error).message).not.toContain("x: y");
  });
});

describe("keys", () => {
  it.each([
    ["a/b-c_d.e~f", "a/b-c_d.e~f"],
    ["//a/../b/", "//a/../b/"],
    ["a b+c%d", "a%20b%2Bc%25d"],
    ["%2F%2f", "%252F%252f"],
    ["!'()*=:@&?#", "%21%27%28%29%2A%3D%3A%40%26%3F%23"],
    ["ä/\u{1f600}", "%C3%A4/%F0%9F%98%80"],
  ])("%j is spelt %j", (key, encoded) => {
    expect(encodeKey(key)).toBe(encoded);
  });

  it("half of a surrogate pair is refused", () => {
    expect(refusal(() => encodeKey("a\ud800"))).toMatchObject({ code: "invalid_argument" });
  });
});
