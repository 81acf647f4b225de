import { createHash, createHmac } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { encodeKey, presign, signHeaders } from "../../src/drivers/s3/sign.ts";
import { headerCase, linkCase, type SdkCase, sdkCase } from "./signing-cases.ts";

/** Amazon's library is the judge: the same input must give the same bytes. */

beforeAll(() => {
  // The library tells Node 20 by a process warning that it will leave it; here it only judges.
  vi.stubEnv("AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "true");
});

afterAll(() => {
  vi.unstubAllEnvs();
});

const seed = 20260102;

class Sha256 {
  readonly #hash;
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as Uint8Array);
  }
  update(chunk: string | Uint8Array): void {
    this.#hash.update(chunk);
  }
  async digest(): Promise<Uint8Array> {
    return await Promise.resolve(this.#hash.digest());
  }
}

function theirs(credentials: object, region: string): SignatureV4 {
  return new SignatureV4({
    credentials: credentials as { accessKeyId: string; secretAccessKey: string },
    region,
    service: "s3",
    sha256: Sha256,
    uriEscapePath: false,
  });
}

/** In the order given, which need not be the order in which it is signed. */
function queryOf(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${escape(name)}=${escape(value)}`)
    .join("&");
}

function escape(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

function pathOf(key: string): string {
  return `/${key.split("/").map(escape).join("/")}`;
}

it("a request is signed as Amazon's library signs it", async () => {
  await fc.assert(
    fc.asyncProperty(headerCase, async ({ key, query, ...signing }) => {
      const { method, host, headers, payloadHash, region, credentials, now } = signing;
      const target = `/${encodeKey(key)}${Object.keys(query).length === 0 ? "" : "?"}${queryOf(query)}`;
      const ours = signHeaders({ ...signing, target });
      const judged = await theirs(credentials, region).sign(
        {
          method,
          protocol: "https:",
          hostname: host,
          path: pathOf(key),
          query,
          headers: { ...headers, host, "x-amz-content-sha256": payloadHash },
        },
        { signingDate: new Date(now) },
      );
      const lowered = Object.entries(judged.headers).map(([name, value]) => [name.toLowerCase(), value]);
      expect({ host, ...ours }).toEqual(Object.fromEntries(lowered));
    }),
    { seed, numRuns: 5000 },
  );
}, 900_000);

it("a link is signed as Amazon's library signs it", async () => {
  await fc.assert(
    fc.asyncProperty(linkCase, async ({ key, ...signing }) => {
      const { method, host, headers, query, region, credentials, now, scheme, expiresSeconds } = signing;
      const path = `/${encodeKey(key)}`;
      // The library takes the kind of payload from a header, and repeats it in the query.
      const kind = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
      const ours = presign({ ...signing, path, query: { ...query, ...kind } });
      const judged = await theirs(credentials, region).presign(
        {
          method,
          protocol: `${scheme}:`,
          hostname: host,
          path: pathOf(key),
          query: { ...query },
          headers: { ...headers, host, ...kind },
        },
        {
          signingDate: new Date(now),
          expiresIn: expiresSeconds,
          unhoistableHeaders: new Set(Object.keys(headers ?? {}).map((name) => name.toLowerCase())),
        },
      );
      expect(sorted(ours)).toBe(
        sorted(`${scheme}://${host}${path}?${queryOf(judged.query as Record<string, string>)}`),
      );
    }),
    { seed, numRuns: 5000 },
  );
}, 900_000);

it("a link equals the one of Amazon's client, for each kind of request and of address", async () => {
  await fc.assert(
    fc.asyncProperty(sdkCase, async (given) => {
      const { region, credentials, now, endpoint, pathStyle, expiresSeconds, metadata } = given;
      const client = new S3Client({
        region,
        // A copy: the client writes into it.
        credentials: { ...credentials },
        forcePathStyle: pathStyle,
        requestChecksumCalculation: "WHEN_REQUIRED",
        responseChecksumValidation: "WHEN_REQUIRED",
        ...(endpoint !== undefined && { endpoint }),
      });
      const names = Object.keys(metadata).map((name) => `x-amz-meta-${name}`);
      const judged = await getSignedUrl(client, command(given), {
        expiresIn: expiresSeconds,
        signingDate: new Date(now),
        unhoistableHeaders: new Set(names),
        signableHeaders: new Set(["host", "content-md5", "content-length", ...names]),
      });
      client.destroy();
      expect(sorted(ourLink(given))).toBe(sorted(judged));
    }),
    { seed, numRuns: 1500 },
  );
}, 900_000);

function command(given: SdkCase): GetObjectCommand {
  const { key, contentMd5, contentLength, metadata, downloadName } = given;
  const object = { Bucket: "bucket", Key: key };
  const put = { ...object, ContentMD5: contentMd5, ContentLength: contentLength };
  const commands = {
    get: () => new GetObjectCommand({ ...object, ResponseContentDisposition: downloadName }),
    head: () => new HeadObjectCommand(object),
    put: () => new PutObjectCommand({ ...put, Metadata: metadata }),
    part: () => new UploadPartCommand({ ...put, UploadId: "u p+load/1=", PartNumber: 7 }),
    delete: () => new DeleteObjectCommand(object),
  };
  // One of several commands; the presigner takes any, its type only the intersection of their inputs.
  return commands[given.command]() as GetObjectCommand;
}

function ourLink(given: SdkCase): string {
  const { key, contentMd5, contentLength, metadata, downloadName, pathStyle, endpoint, region } = given;
  const place = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  const put = { "Content-MD5": contentMd5, "Content-Length": String(contentLength) };
  const meta = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]));
  const parts = {
    get: { method: "GET", query: { "x-id": "GetObject", "response-content-disposition": downloadName }, headers: {} },
    head: { method: "HEAD", query: {}, headers: {} },
    put: { method: "PUT", query: { "x-id": "PutObject" }, headers: { ...put, ...meta } },
    part: {
      method: "PUT",
      query: { "x-id": "UploadPart", uploadId: "u p+load/1=", partNumber: "7" },
      headers: put,
    },
    delete: { method: "DELETE", query: { "x-id": "DeleteObject" }, headers: {} },
  } as const;
  const { method, query, headers } = parts[given.command];
  return presign({
    method,
    headers,
    query: { ...query, "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" },
    scheme: place.protocol === "http:" ? "http" : "https",
    host: pathStyle ? place.host : `bucket.${place.host}`,
    path: `${pathStyle ? "/bucket" : ""}/${encodeKey(key)}`,
    region,
    credentials: given.credentials,
    now: given.now,
    expiresSeconds: given.expiresSeconds,
  });
}

/** Parameters in one order: where the signature stands among them is a matter of taste. */
function sorted(url: string): string {
  const mark = url.indexOf("?");
  return `${url.slice(0, mark)}?${url
    .slice(mark + 1)
    .split("&")
    .sort()
    .join("&")}`;
}
