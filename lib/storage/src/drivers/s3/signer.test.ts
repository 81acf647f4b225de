import { describe, expect, it } from "vitest";
import type { S3Credentials } from "./credentials/credentials.ts";
import { s3Signer } from "./signer.ts";

const now = Date.UTC(2026, 0, 2, 3, 4, 5) + 900;
const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "SECRETEXAMPLE" };
/** Of "hello". */
const md5 = Uint8Array.from([93, 65, 64, 42, 188, 75, 42, 118, 185, 113, 157, 145, 16, 23, 197, 146]);
const md5Text = "XUFAKrxLKna5cZ2REBfFkg==";

function aSigner(credentials: S3Credentials | undefined = keys): ReturnType<typeof s3Signer> {
  return signerWith(async () => await Promise.resolve(credentials));
}

function signerWith(credentials: Parameters<typeof s3Signer>[0]["credentials"]): ReturnType<typeof s3Signer> {
  return s3Signer({
    now: () => now,
    credentials,
    region: async () => await Promise.resolve("us-east-1"),
    locate: (key, endpoint = "http://localhost:30002") => {
      const { protocol, host } = new URL(endpoint);
      return { scheme: protocol === "http:" ? "http" : "https", host, path: `/flyte-data/${key}` };
    },
    putHeaders: { "x-amz-server-side-encryption": "AES256" },
  });
}

function query(url: string): Record<string, string> {
  return Object.fromEntries(new URL(url).searchParams);
}

describe("a link to upload", () => {
  it("signs what the caller must send, in the spelling that callers copy", async () => {
    const metadata = { flyteContentMD5: md5Text };
    const signed = await aSigner().signPut("a", {
      expiresAt: now + 60_000,
      contentMd5: md5,
      contentLength: 5,
      metadata,
      contentType: "text/plain",
    });
    expect(signed.headers).toEqual({
      "Content-Length": "5",
      "Content-MD5": md5Text,
      "Content-Type": "text/plain",
      "x-amz-meta-flyteContentMD5": md5Text,
      "x-amz-server-side-encryption": "AES256",
    });
    expect(query(signed.url)["X-Amz-SignedHeaders"]).toBe(
      "content-length;content-md5;content-type;host;x-amz-meta-flytecontentmd5;x-amz-server-side-encryption",
    );
  });

  it("leaves type, length and MD5 open where none was given", async () => {
    const signed = await aSigner().signPut("a", { expiresAt: now + 60_000 });
    expect(query(signed.url)["X-Amz-SignedHeaders"]).toBe("host;x-amz-server-side-encryption");
  });
});

it("metadata that a header cannot hold is signed as it will be sent", async () => {
  const signed = await aSigner().signPut("a", { expiresAt: now + 60_000, metadata: { Name: "ü" } });
  expect(signed.headers["x-amz-meta-Name"]).toBe("=?UTF-8?B?w7w=?=");
});

describe("a link to download", () => {
  it("names the file for a browser", async () => {
    const signed = await aSigner().signGet("a", { expiresAt: now + 60_000, downloadName: "f ü.bin" });
    expect(query(signed.url)["response-content-disposition"]).toBe(
      `attachment; filename="f _.bin"; filename*=UTF-8''f%20%C3%BC.bin`,
    );
    expect(signed.headers).toEqual({});
  });

  it("is made for the endpoint that the caller reaches", async () => {
    const signed = await aSigner().signGet("a", { expiresAt: now + 60_000, endpoint: "https://public.example:8443" });
    expect(signed.url).toMatch(/^https:\/\/public\.example:8443\/flyte-data\/a\?/);
  });
});

describe("the moment of expiry", () => {
  it("is never later than the one asked for, nor a second earlier", async () => {
    const { url, expiresAt } = await aSigner().signGet("a", { expiresAt: now + 60_050 });
    expect(query(url)["X-Amz-Expires"]).toBe("60");
    expect(expiresAt).toBe(now - 900 + 60_000);
  });

  it("is that of the credentials when they end sooner [dataproxy B28]", async () => {
    const signed = await aSigner({ ...keys, expiresAt: now + 30_100 }).signGet("a", { expiresAt: now + 60_000 });
    expect(query(signed.url)["X-Amz-Expires"]).toBe("31");
    expect(signed.expiresAt).toBe(now + 30_100);
  });

  it.each([
    { name: "a past one", expiresAt: now - 1 },
    { name: "one within the second", expiresAt: now + 50 },
    { name: "one more than seven days ahead", expiresAt: now + 604_802_000 },
    { name: "one that is no number", expiresAt: Number.NaN },
  ])("$name is refused", async ({ expiresAt }) => {
    await expect(aSigner().signGet("a", { expiresAt })).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("credentials that have ended sign nothing", async () => {
    const signing = aSigner({ ...keys, expiresAt: now }).signGet("a", { expiresAt: now + 60_000 });
    await expect(signing).rejects.toMatchObject({ code: "unauthenticated" });
  });
});

it("an anonymous bucket signs no links", async () => {
  const signer = signerWith(async () => await Promise.resolve(undefined));
  await expect(signer.signGet("a", { expiresAt: now + 60_000 })).rejects.toMatchObject({ code: "unauthenticated" });
});
