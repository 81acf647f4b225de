import { describe, expect, it } from "vitest";
import { bucketAddress, locate } from "./address.ts";
import { ambientS3 } from "./config.ts";

const href = (address: ReturnType<typeof bucketAddress>, key?: string): string => {
  const { scheme, host, path } = locate(address, key);
  return `${scheme}://${host}${path}`;
};

describe("the address of a bucket", () => {
  it.each([
    {
      name: "of AWS",
      config: { bucket: "data" },
      endpoint: undefined,
      expected: "https://data.s3.eu-west-1.amazonaws.com/a%20b",
    },
    {
      name: "of AWS with a dot in its name",
      config: { bucket: "my.data" },
      endpoint: undefined,
      expected: "https://s3.eu-west-1.amazonaws.com/my.data/a%20b",
    },
    {
      name: "of AWS by path, where asked for",
      config: { bucket: "data", addressing: "path" as const },
      endpoint: undefined,
      expected: "https://s3.eu-west-1.amazonaws.com/data/a%20b",
    },
    {
      name: "of another store",
      config: { bucket: "data" },
      endpoint: "http://localhost:9000",
      expected: "http://localhost:9000/data/a%20b",
    },
    {
      name: "of another store, with the scheme's own port",
      config: { bucket: "data" },
      endpoint: "https://store:443/",
      expected: "https://store/data/a%20b",
    },
    {
      name: "of another store by host, where asked for",
      config: { bucket: "data", addressing: "host" as const },
      endpoint: "https://store:8443",
      expected: "https://data.store:8443/a%20b",
    },
    {
      name: "of a store below a path",
      config: { bucket: "data" },
      endpoint: "https://gateway/s3/",
      expected: "https://gateway/s3/data/a%20b",
    },
  ])("$name names the key as it is signed", ({ config, endpoint, expected }) => {
    expect(href(bucketAddress(config, "eu-west-1", endpoint), "a b")).toBe(expected);
  });

  it("in China ends as hosts do there", () => {
    expect(href(bucketAddress({ bucket: "data" }, "cn-north-1", undefined))).toBe(
      "https://data.s3.cn-north-1.amazonaws.com.cn/",
    );
  });

  it("keeps the slashes and dots of a key", () => {
    const address = bucketAddress({ bucket: "data" }, "eu-west-1", "http://localhost:9000");
    expect(href(address, "../a//b/./c/")).toBe("http://localhost:9000/data/../a//b/./c/");
  });

  it.each(["localhost:9000", "ftp://store", "https://key:secret@store", "https://store?x=1", "https://", "store"])(
    "cannot be at the endpoint '%s', and a refusal shows no secret",
    (endpoint) => {
      const attempt = (): unknown => bucketAddress({ bucket: "data" }, "eu-west-1", endpoint);
      expect(attempt).toThrow(expect.objectContaining({ code: "invalid_argument" }));
      expect(attempt).not.toThrow(/secret/);
    },
  );

  it("cannot be in a region that would change the host", () => {
    expect(() => bucketAddress({ bucket: "data" }, "x.evil.example/", undefined)).toThrow(/no region/);
  });
});

describe("the environment", () => {
  it("names region, endpoint and certificates, the more special name first", () => {
    expect(
      ambientS3({
        AWS_DEFAULT_REGION: "eu-west-1",
        AWS_REGION: "",
        AWS_ENDPOINT_URL: "http://any",
        AWS_ENDPOINT_URL_S3: "http://s3",
        AWS_CA_BUNDLE: "/ca.pem",
      }),
    ).toEqual({ region: "eu-west-1", endpoint: "http://s3", caFile: "/ca.pem" });
  });

  it("is silent where nothing is set or endpoints are to be ignored", () => {
    expect(ambientS3({ AWS_REGION: "" })).toEqual({});
    expect(ambientS3({ AWS_ENDPOINT_URL: "http://any", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" })).toEqual({});
  });
});
