import { DataPlaneError } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { StoreAnswer } from "../../store-answer.ts";
import { s3Error, s3ErrorTable } from "./errors.ts";
import { refusalOf } from "./refusal.ts";

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expected: string;
}

const xml = '<?xml version="1.0" encoding="UTF-8"?>\n';
const now = Date.UTC(2026, 0, 2, 3, 4, 5);

/** As the stores gave them; ids and signatures shortened. */
const recorded: readonly Recorded[] = [
  {
    name: "an absent object, AWS",
    status: 404,
    body: `${xml}<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a/b</Key><RequestId>4442587FB7D0A2F9</RequestId><HostId>x=</HostId></Error>`,
    expected: "not_found",
  },
  {
    name: "an absent bucket, MinIO",
    status: 404,
    body: `${xml}<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message><BucketName>none</BucketName><Resource>/none/k</Resource></Error>`,
    expected: "not_found",
  },
  {
    name: "an absent bucket, Ceph, without a message",
    status: 404,
    body: `${xml}<Error><Code>NoSuchBucket</Code><BucketName>none</BucketName><RequestId>tx0</RequestId><HostId>1-default</HostId></Error>`,
    expected: "not_found",
  },
  {
    name: "a refusal, AWS",
    status: 403,
    body: `${xml}<Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:assumed-role/r is not authorized to perform: s3:GetObject</Message></Error>`,
    expected: "permission_denied",
  },
  {
    name: "too many requests, AWS",
    status: 503,
    body: `${xml}<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`,
    expected: "unavailable",
  },
  {
    name: "too many reads, MinIO",
    status: 503,
    body: `${xml}<Error><Code>SlowDownRead</Code><Message>Resource requested is unreadable, please reduce your request rate</Message></Error>`,
    expected: "unavailable",
  },
  {
    name: "a wrong clock, AWS",
    status: 403,
    body: `${xml}<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too large.</Message><RequestTime>20260102T030405Z</RequestTime><ServerTime>2026-01-02T03:24:05Z</ServerTime></Error>`,
    expected: "failed_precondition",
  },
  {
    name: "credentials that ended, AWS",
    status: 400,
    body: `${xml}<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message><Token-0>hidden-token</Token-0></Error>`,
    expected: "unauthenticated",
  },
  {
    name: "an unknown access key, MinIO",
    status: 403,
    body: `${xml}<Error><Code>InvalidAccessKeyId</Code><Message>The Access Key Id you provided does not exist in our records.</Message></Error>`,
    expected: "unauthenticated",
  },
  {
    name: "a forged signature, AWS",
    status: 403,
    body: `${xml}<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match the signature you provided. Check your key and signing method.</Message><StringToSign>AWS4-HMAC-SHA256&#10;x</StringToSign></Error>`,
    expected: "unauthenticated",
  },
  {
    name: "a bucket elsewhere, AWS",
    status: 301,
    body: `${xml}<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access must be addressed using the specified endpoint.</Message><Endpoint>b.s3-eu-west-1.amazonaws.com</Endpoint></Error>`,
    expected: "failed_precondition",
  },
  {
    name: "a signature for another region, AWS",
    status: 400,
    body: `${xml}<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region></Error>`,
    expected: "failed_precondition",
  },
  {
    name: "a condition that was not met, AWS",
    status: 412,
    body: `${xml}<Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message><Condition>If-Match</Condition></Error>`,
    expected: "aborted",
  },
  {
    name: "writers in each other's way, AWS",
    status: 409,
    body: `${xml}<Error><Code>ConditionalRequestConflict</Code><Message>The conditional request cannot succeed due to a conflicting operation against this resource.</Message></Error>`,
    expected: "aborted",
  },
  {
    name: "a failure behind status 200, AWS",
    status: 200,
    body: `   \n${xml}<Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>`,
    expected: "unavailable",
  },
  {
    name: "a body that came too slowly, AWS",
    status: 400,
    body: `${xml}<Error><Code>RequestTimeout</Code><Message>Your socket connection to the server was not read from or written to within the timeout period.</Message></Error>`,
    expected: "unavailable",
  },
  {
    name: "an object that is too large, AWS",
    status: 400,
    body: `${xml}<Error><Code>EntityTooLarge</Code><Message>Your proposed upload exceeds the maximum allowed size</Message></Error>`,
    expected: "invalid_argument",
  },
  {
    name: "a range past the end, AWS",
    status: 416,
    body: `${xml}<Error><Code>InvalidRange</Code><Message>The requested range is not satisfiable</Message><ActualObjectSize>4</ActualObjectSize></Error>`,
    expected: "out_of_range",
  },
  {
    name: "another checksum, AWS",
    status: 400,
    body: `${xml}<Error><Code>BadDigest</Code><Message>The CRC32 you specified did not match the calculated checksum.</Message></Error>`,
    expected: "data_loss",
  },
  {
    name: "another SHA-256, MinIO",
    status: 400,
    body: `${xml}<Error><Code>XAmzContentSHA256Mismatch</Code><Message>The provided 'x-amz-content-sha256' header does not match what was computed.</Message></Error>`,
    expected: "data_loss",
  },
  {
    name: "a key for the encryption that is not there, MinIO",
    status: 404,
    body: `${xml}<Error><Code>kms:KeyNotFound</Code><Message>key with given key ID does not exist</Message><Key>locked</Key><BucketName>b</BucketName><Resource>/b/locked</Resource></Error>`,
    expected: "failed_precondition",
  },
  {
    name: "an encryption key that is switched off, AWS",
    status: 400,
    body: `${xml}<Error><Code>KMS.DisabledException</Code><Message>arn:aws:kms:x is disabled.</Message></Error>`,
    expected: "failed_precondition",
  },
  {
    name: "an archived object, AWS",
    status: 403,
    body: `${xml}<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object's storage class</Message></Error>`,
    expected: "failed_precondition",
  },
  {
    name: "a full disk, MinIO",
    status: 507,
    body: `${xml}<Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its minimum free drive threshold.</Message></Error>`,
    expected: "resource_exhausted",
  },
  {
    name: "an object in the way, MinIO",
    status: 400,
    body: `${xml}<Error><Code>XMinioParentIsObject</Code><Message>Object-prefix is already an object.</Message></Error>`,
    expected: "failed_precondition",
  },
  {
    name: "a file in the way, versitygw",
    status: 409,
    body: `${xml}<Error><Code>ObjectParentIsFile</Code><Message>Object parent already exists as a file.</Message></Error>`,
    expected: "failed_precondition",
  },
  { name: "a HEAD of what is absent", status: 404, body: "", expected: "not_found" },
  { name: "a HEAD that is refused", status: 403, body: "", expected: "permission_denied" },
  {
    name: "a word of tomorrow",
    status: 403,
    body: "<Error><Code>Novelty</Code></Error>",
    expected: "permission_denied",
  },
  {
    name: "a word of every object",
    status: 403,
    body: "<Error><Code>constructor</Code></Error>",
    expected: "permission_denied",
  },
  {
    name: "a busy gateway's page",
    status: 502,
    body: "<html><h1>502 Bad Gateway</h1></html>",
    expected: "unavailable",
  },
  { name: "a web server's page", status: 404, body: "<!DOCTYPE html><html></html>", expected: "failed_precondition" },
  {
    name: "a web server's words",
    status: 403,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: "no",
    expected: "failed_precondition",
  },
  { name: "half a document", status: 503, body: "<Error><Code>Slow", expected: "unavailable" },
  { name: "a status of tomorrow", status: 599, body: "", expected: "unavailable" },
  { name: "an answer that is none", status: 204, body: "", expected: "internal" },
];

describe("errors of S3", () => {
  it.each(recorded)(
    "$name is $expected, with what the store said as its cause",
    ({ status, headers, body, expected }) => {
      const error = s3Error(refusalOf({ status, headers: new Map(Object.entries(headers ?? {})) }, body, now));
      expect(error).toBeInstanceOf(DataPlaneError);
      expect(error).toMatchObject({ code: expected, cause: { status } });
      expect(error.message).not.toContain("hidden-token");
    },
  );

  it("a web page is said to be one", () => {
    const refusal = refusalOf({ status: 404, headers: new Map() }, "<html></html>", now);
    expect(s3Error(refusal).message).toContain("is the endpoint an S3 API?");
  });

  it("the wait, the time and the number of the request come with the error", () => {
    const headers = new Map([
      ["retry-after", "7"],
      ["date", "Fri, 02 Jan 2026 03:24:05 GMT"],
      ["x-amz-request-id", "4442587FB7D0A2F9"],
    ]);
    const { cause } = s3Error(refusalOf({ status: 503, headers }, "", now));
    expect(cause).toBeInstanceOf(StoreAnswer);
    expect(cause).toMatchObject({
      retryAfterMs: 7000,
      serverDateMs: now + 20 * 60_000,
      requestId: "4442587FB7D0A2F9",
    });
  });

  it("a store's words stay in one line and short", () => {
    const body = `<Error><Code>X</Code><Message>a&#10;b\u001b[31m${"x".repeat(1000)}</Message></Error>`;
    const { message } = refusalOf({ status: 400, headers: new Map() }, body, now).answer;
    expect(message).toMatch(/^a b \[31mx+$/);
    expect(message.length).toBe(300);
  });

  it("every row has a meaning", () => {
    for (const [code, row] of Object.entries(s3ErrorTable)) expect(row.meaning, code).not.toBe("");
  });
});
