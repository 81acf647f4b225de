import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataPlaneError } from "./errors.ts";
import { formatStorageUri, joinUri, parseStorageUri, type StorageScheme, type StorageUri } from "./uri.ts";

describe("parseStorageUri", () => {
  test.each<readonly [string, StorageUri]>([
    ["s3://b/k/", { scheme: "s3", bucket: "b", key: "k" }],
    ["s3://b//k", { scheme: "s3", bucket: "b", key: "k" }],
    ["s3://b/a%20b", { scheme: "s3", bucket: "b", key: "a b" }],
    ["s3://b/a b", { scheme: "s3", bucket: "b", key: "a b" }],
    ["s3://ak:sk@b/k", { scheme: "s3", bucket: "b", key: "k" }],
    ["S3://B/K", { scheme: "s3", bucket: "B", key: "K" }],
    ["gs://b", { scheme: "gs", bucket: "b", key: "" }],
    [
      "abfs://c@acct.dfs.core.windows.net/p/q",
      { scheme: "abfs", bucket: "c", key: "p/q", account: "acct.dfs.core.windows.net" },
    ],
    ["abfss://c/p", { scheme: "abfss", bucket: "c", key: "p" }],
    ["/var/x/y", { scheme: "file", bucket: "", key: "var/x/y" }],
    ["file:///var/x/y", { scheme: "file", bucket: "", key: "var/x/y" }],
    ["file:///a%20b%25", { scheme: "file", bucket: "", key: "a b%" }],
    ["/100%?#", { scheme: "file", bucket: "", key: "100%?#" }],
    ["//a///b/", { scheme: "file", bucket: "", key: "a/b" }],
    ["/", { scheme: "file", bucket: "", key: "" }],
    ["mem://b/é\u{1f600}", { scheme: "mem", bucket: "b", key: "é\u{1f600}" }],
  ])("%j reads as its parts", (text, parts) => {
    expect(parseStorageUri(text)).toEqual(parts);
  });

  test.each([
    ["", "neither an absolute path nor a URI"],
    ["blob", "neither an absolute path nor a URI"],
    ["ftp://b/k", "not a storage scheme"],
    ["constructor://b/k", "not a storage scheme"],
    ["s3://", "the bucket is missing"],
    ["s3:///k", "the bucket is missing"],
    ["s3://b:abc/k", "not a bucket name"],
    ["s3://../k", "not a bucket name"],
    ["s3://b/100%", "percent-escape"],
    ["s3://b/%ff", "percent-escape"],
    ["s3://b/k?x=1", "a query at offset 8"],
    ["s3://b/k#f", "a fragment at offset 8"],
    ["s3://b/a/../c", 'segment ".."'],
    ["s3://b/a/%2e%2e/c", 'segment ".."'],
    ["s3://b/./c", 'segment "."'],
    ["/a/../../etc/passwd", 'segment ".."'],
    ["s3://b/a\\b", "a backslash"],
    ["s3://b/a%5Cb", "a backslash"],
    ["s3://b/a\0b", "a control character"],
    ["s3://b/a%00b", "a control character"],
    ["/a\nb", "a control character"],
    ["s3://b/\ud800", "not valid Unicode|percent-escape"],
    ["file://host/k", "file URIs name no host"],
    ["file://", "the path is missing"],
  ])("%j is refused with the place", (text, what) => {
    const error = errorOf(() => parseStorageUri(text));
    expect(error).toBeInstanceOf(DataPlaneError);
    expect(error).toMatchObject({ code: "invalid_argument", message: expect.stringMatching(what) as string });
  });

  test("a refusal shows neither credentials nor query", () => {
    const error = errorOf(() => parseStorageUri("s3://AKID:SECRET@b/a\\b?X-Amz-Signature=abc"));
    expect(String(error)).toContain("s3://b/a");
    expect(String(error)).not.toMatch(/SECRET|Signature/);
  });

  test("with queryIsKey a question mark and a hash belong to the key", () => {
    expect(parseStorageUri("s3://b/what?.txt#1", { queryIsKey: true }).key).toBe("what?.txt#1");
  });
});

describe("formatStorageUri", () => {
  test("file locations print as the bare absolute path, however they were given", () => {
    expect(formatStorageUri(parseStorageUri("file:///data/x"))).toBe("/data/x");
    expect(formatStorageUri(parseStorageUri("/"))).toBe("/");
  });

  test("only the characters that would change meaning are escaped", () => {
    expect(formatStorageUri({ scheme: "s3", bucket: "b", key: "a b/é/50%?#+&=:@" })).toBe(
      "s3://b/a b/é/50%25%3F%23+&=:@",
    );
  });

  test("every location reads back as itself", () => {
    fc.assert(
      fc.property(locations, (uri) => {
        expect(parseStorageUri(formatStorageUri(uri))).toEqual(uri);
      }),
    );
  });

  test("any text is read as a location that prints and reads the same, or is refused as invalid_argument", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string().map((s) => `s3://b/${s}`),
      fc.string().map((s) => `/${s}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const error = errorOf(() => {
          const parsed = parseStorageUri(text);
          expect(parseStorageUri(formatStorageUri(parsed))).toEqual(parsed);
        });
        if (error !== undefined) expect(error).toMatchObject({ name: "DataPlaneError", code: "invalid_argument" });
      }),
      { numRuns: 500 },
    );
  });
});

describe("joinUri", () => {
  test.each([
    ["s3://b", ["x"], "s3://b/x"],
    ["s3://b/p/", ["x", "y/z/"], "s3://b/p/x/y/z"],
    ["/", ["x"], "/x"],
    ["file:///p", ["50%?#"], "/p/50%?#"],
    ["s3://b/p", ["50%?#"], "s3://b/p/50%25%3F%23"],
    ["s3://b/a%20b", ["c d"], "s3://b/a b/c d"],
    ["abfs://c@acct/p", ["x"], "abfs://c@acct/p/x"],
    ["s3://b/p", [], "s3://b/p"],
  ])("%j and %j make %j", (base, segments, joined) => {
    expect(joinUri(base, ...segments)).toBe(joined);
  });

  test.each([[".."], ["a/../b"], [""], ["/"], ["a//b"], ["a\\b"], ["a\0"]])("segment %j is refused", (segment) => {
    expect(errorOf(() => joinUri("s3://b/p", segment))).toMatchObject({ code: "invalid_argument" });
  });

  test("the result lies below its base and its key ends with the segments", () => {
    fc.assert(
      fc.property(locations, fc.array(segments, { minLength: 1, maxLength: 3 }), (base, names) => {
        const joined = parseStorageUri(joinUri(formatStorageUri(base), ...names));
        expect(joined).toEqual({ ...base, key: [...(base.key === "" ? [] : [base.key]), ...names].join("/") });
      }),
    );
  });
});

const segments = fc
  .string({ unit: "grapheme", minLength: 1 })
  .filter((s) => !/[/\\\p{Cc}\p{Surrogate}]/u.test(s) && s !== "." && s !== "..");
const locations: fc.Arbitrary<StorageUri> = fc
  .tuple(fc.constantFrom<StorageScheme[]>("s3", "gs", "abfs", "file", "mem"), fc.array(segments, { maxLength: 4 }))
  .map(([scheme, names]) => ({ scheme, bucket: scheme === "file" ? "" : "bucket-1", key: names.join("/") }));

function errorOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}
