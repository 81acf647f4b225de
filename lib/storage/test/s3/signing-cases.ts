import fc from "fast-check";
import { presign, signHeaders } from "../../src/drivers/s3/sign.ts";

/** Input for the comparison with Amazon's own library: whatever a caller may name, and what trips signers. */

export type HeaderCase = Parameters<typeof signHeaders>[0] & { readonly query: Record<string, string> };
export type LinkCase = Parameters<typeof presign>[0] & { readonly query: Record<string, string> };

const pieces = [
  "/",
  "//",
  ".",
  "..",
  " ",
  "+",
  "%",
  "%2F",
  "%20",
  "&",
  "=",
  "?",
  "#",
  "~",
  "!'()*",
  "@:,;$",
  "\t",
  "\\",
];
const unicode = ["ä", "é", "ß", "中", "\u{1f600}", "\u{feff}", "\u00a0"];

function oneOf(characters: string): fc.Arbitrary<string> {
  return fc.constantFrom(...characters.split(""));
}

/** Up to 1,024 bytes, well-formed. */
const key: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...pieces, ...unicode), fc.string({ maxLength: 8 })), {
      minLength: 1,
      maxLength: 8,
    })
    .map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.constantFrom("a", "é", "/", "+", "%").map((unit) => unit.repeat(1024 / new TextEncoder().encode(unit).length)),
);

const region = fc.constantFrom("us-east-1", "eu-central-1", "ap-northeast-3", "us-gov-west-1", "auto", "");
const host = fc.constantFrom(
  "bucket.s3.eu-central-1.amazonaws.com",
  "s3.amazonaws.com",
  "localhost:9000",
  "127.0.0.1:8333",
  "[::1]:9000",
);
const visible = fc.string({ unit: oneOf("abcXYZ019 +/=%&\t-_.~;:,'()"), maxLength: 30 });
const name = fc.string({ unit: oneOf("abcXYZ019-"), minLength: 1, maxLength: 12 });

const headers = fc
  .record(
    {
      "Content-MD5": fc
        .uint8Array({ minLength: 16, maxLength: 16 })
        .map((bytes) => Buffer.from(bytes).toString("base64")),
      "content-length": fc.nat().map(String),
      "Content-Type": visible,
      range: fc.tuple(fc.nat(), fc.nat()).map(([first, last]) => `bytes=${first}-${last}`),
      "If-Match": visible.map((text) => `"${text}"`),
      "x-amz-checksum-crc32c": fc
        .uint8Array({ minLength: 4, maxLength: 4 })
        .map((b) => Buffer.from(b).toString("base64")),
      "X-Amz-Server-Side-Encryption": fc.constantFrom("AES256", "aws:kms"),
      "x-amz-request-payer": fc.constant("requester"),
      "x-amz-copy-source": key.map((text) => `/bucket/${encodeURIComponent(text)}`),
      "User-Agent": visible,
      Expect: fc.constant("100-continue"),
      "Cache-Control": visible,
      "Proxy-Authorization": visible,
    },
    { requiredKeys: [] },
  )
  .chain((known) =>
    fc.dictionary(name, visible, { maxKeys: 3 }).map(
      (meta): Record<string, string> => ({
        ...known,
        ...Object.fromEntries(
          Object.entries(meta).map(([field, value]) => [`x-amz-meta-${field.toLowerCase()}`, value]),
        ),
      }),
    ),
  );

const query = fc.oneof(
  fc.constant<Record<string, string>>({}),
  fc.dictionary(fc.oneof(name, key), fc.oneof(visible, key), { maxKeys: 5, noNullPrototype: true }),
  fc.record({ partNumber: fc.integer({ min: 1, max: 10_000 }).map(String), uploadId: visible }),
  fc.record({ "list-type": fc.constant("2"), prefix: key, "continuation-token": visible, a: visible, "a-b": visible }),
);

const credentials = fc.record(
  {
    accessKeyId: fc.string({
      unit: oneOf("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
      minLength: 1,
      maxLength: 20,
    }),
    secretAccessKey: fc.string({ minLength: 1, maxLength: 44 }),
    sessionToken: fc.base64String({ minLength: 4, maxLength: 400 }),
  },
  { requiredKeys: ["accessKeyId", "secretAccessKey"] },
);

const signing = {
  method: fc.constantFrom("GET", "HEAD", "PUT", "POST", "DELETE"),
  host,
  region,
  credentials,
  now: fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2099, 11, 31) }),
  query,
  headers,
} as const;

export const headerCase: fc.Arbitrary<Omit<HeaderCase, "target"> & { readonly key: string }> = fc.record({
  ...signing,
  key,
  payloadHash: fc.oneof(
    fc.constant("UNSIGNED-PAYLOAD"),
    fc.string({ unit: oneOf("0123456789abcdef"), minLength: 64, maxLength: 64 }),
  ),
});

export const linkCase: fc.Arbitrary<Omit<LinkCase, "path"> & { readonly key: string }> = fc.record({
  ...signing,
  key,
  scheme: fc.constantFrom("http", "https"),
  expiresSeconds: fc.integer({ min: 1, max: 604_800 }),
});

export interface SdkCase {
  readonly command: "get" | "head" | "put" | "part" | "delete";
  readonly key: string;
  readonly pathStyle: boolean;
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly now: number;
  readonly expiresSeconds: number;
  readonly contentMd5: string;
  readonly contentLength: number;
  readonly metadata: Record<string, string>;
  readonly downloadName: string;
}

/** What a user of the whole client says; the client refuses an empty region and keeps metadata's names in lower case. */
export const sdkCase: fc.Arbitrary<SdkCase> = fc.record({
  command: fc.constantFrom("get", "head", "put", "part", "delete"),
  key: key.filter((text) => !/^\/|\p{Cc}/u.test(text)),
  pathStyle: fc.boolean(),
  endpoint: fc.constantFrom(undefined, "http://store.example", "https://store.example:8443"),
  region: region.filter((text) => text !== "" && text !== "auto"),
  credentials,
  now: signing.now,
  expiresSeconds: fc.integer({ min: 1, max: 604_800 }),
  contentMd5: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  contentLength: fc.nat(),
  metadata: fc.dictionary(
    name.map((text) => text.toLowerCase()),
    visible,
    { maxKeys: 3, noNullPrototype: true },
  ),
  downloadName: key,
});
