import { describe, expect, it } from "vitest";
import { expectCode, text } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import type { S3Config } from "../../src/drivers/s3/config.ts";
import { openS3Driver } from "../../src/drivers/s3/driver.ts";
import type { WireRequest } from "../../src/wire/exchange.ts";
import { errorBody, type ScriptedAnswer, scriptedWire } from "./scripted-wire.ts";

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const clock = { now: () => now, sleep: () => Promise.reject(new Error("nothing here sleeps")) };
const credentials = { accessKeyId: "AKTEST", secretAccessKey: "SKTESTSECRET" };
const found = { etag: '"1"', "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT", "content-length": "4" };

function store(
  config: Partial<S3Config>,
  answer: (request: WireRequest, index: number) => ScriptedAnswer,
): { readonly driver: Driver; readonly sent: readonly WireRequest[] } {
  const wire = scriptedWire(answer);
  const provider = () => Promise.resolve(credentials);
  return {
    driver: openS3Driver({ bucket: "data", ...config }, { clock, wire, credentials: provider }),
    sent: wire.sent,
  };
}

const scopeOf = ({ headers }: WireRequest): string =>
  /Credential=AKTEST\/([^,]*)/.exec(headers["authorization"] ?? "")?.[1] ?? "";

/** As AWS answers for a bucket of eu-west-1: no document for HEAD. */
function inEurope(request: WireRequest): ScriptedAnswer {
  if (request.origin === "https://data.s3.eu-west-1.amazonaws.com")
    return { status: 200, headers: found, body: "text" };
  const headers = { "x-amz-bucket-region": "eu-west-1", "content-type": "application/xml" };
  if (request.method === "HEAD") return { status: 301, headers };
  return { status: 301, headers, body: errorBody("PermanentRedirect", "<Bucket>data</Bucket>") };
}

describe("a bucket in another region of AWS", () => {
  it.each(["us-east-1", "eu-central-1", undefined])("is found with one more request, once, from %s", async (region) => {
    const { driver, sent } = store(region === undefined ? {} : { region }, inEurope);
    expect((await driver.head("key")).size).toBe(4);
    expect(sent).toHaveLength(2);
    expect(scopeOf(sent[1] as WireRequest)).toBe("20260102/eu-west-1/s3/aws4_request");
    await driver.put("key", text("text"));
    expect(sent).toHaveLength(3);
  });

  it("gets the body of a refused upload again", async () => {
    const { driver, sent } = store({}, inEurope);
    await driver.put("key", text("text"));
    expect(sent.map(({ body }) => body)).toEqual([text("text"), text("text")]);
  });

  it("is looked up before a link is signed, even if we may not see the bucket itself", async () => {
    const forbidden = { status: 403, headers: { "x-amz-bucket-region": "eu-west-1" } };
    const { driver, sent } = store({}, (request) =>
      request.origin.includes("eu-west-1") ? forbidden : { status: 400, headers: forbidden.headers },
    );
    const signed = await driver.signer?.signGet("key", { expiresAt: now + 60_000 });
    expect(signed?.url).toMatch(/^https:\/\/data\.s3\.eu-west-1\.amazonaws\.com\/key\?.*%2Feu-west-1%2Fs3%2F/);
    await driver.signer?.signGet("key", { expiresAt: now + 60_000 });
    expect(sent).toHaveLength(2);
  });

  it("that is sent to and fro ends in an error naming the region", async () => {
    const { driver, sent } = store({}, ({ origin }) => ({
      status: 301,
      headers: { "x-amz-bucket-region": origin.includes("eu-west-1") ? "us-east-1" : "eu-west-1" },
    }));
    const head = driver.head("key");
    await expectCode(head, "failed_precondition");
    await expect(head).rejects.toThrow('its region is "us-east-1"');
    expect(sent).toHaveLength(2);
  });
});

describe("a store with an endpoint of its own", () => {
  const endpoint = "https://store.example";

  it("corrects the region of our signatures", async () => {
    const { driver, sent } = store({ endpoint }, (request) =>
      scopeOf(request).includes("/local/")
        ? { status: 200, headers: found, body: "text" }
        : { status: 400, body: errorBody("AuthorizationHeaderMalformed", "<Region>local</Region>") },
    );
    for await (const _chunk of (await driver.get("key")).body) break;
    expect(sent.map(({ origin }) => origin)).toEqual([endpoint, endpoint]);
  });

  it("cannot send us, and our signature, to another host", async () => {
    const headers = { location: "https://evil.example/data/key", "x-amz-bucket-region": "eu-west-1" };
    const { driver, sent } = store({ endpoint }, () => ({
      status: 301,
      headers,
      body: errorBody("PermanentRedirect"),
    }));
    await expect(driver.get("key")).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringContaining('its region is "eu-west-1"') as string,
    });
    expect(sent).toHaveLength(1);
  });

  it("that names no possible region is not followed", async () => {
    const { driver, sent } = store({}, () => ({
      status: 400,
      body: errorBody("AuthorizationHeaderMalformed", "<Region>x.evil.example/</Region>"),
    }));
    await expectCode(driver.get("key"), "failed_precondition");
    expect(sent).toHaveLength(1);
  });
});

describe("a refused HEAD, which holds no words", () => {
  it.each([
    { status: 400, code: "ExpiredToken", expected: "unauthenticated" },
    { status: 403, code: "SignatureDoesNotMatch", expected: "unauthenticated" },
    { status: 403, code: "AccessDenied", expected: "permission_denied" },
  ] as const)("with status $status is explained by a GET of one byte: $code", async ({ status, code, expected }) => {
    const { driver, sent } = store({ endpoint: "http://store" }, ({ method }) =>
      method === "HEAD" ? { status } : { status, body: errorBody(code) },
    );
    await expectCode(driver.head("key"), expected);
    expect(sent.map(({ method, headers }) => `${method} ${headers["range"] ?? ""}`)).toEqual([
      "HEAD ",
      "GET bytes=0-0",
    ]);
  });
});

describe("a clock that is 20 minutes off", () => {
  const theirs = now + 20 * 60_000;
  const date = new Date(theirs).toUTCString();
  const timed = (request: WireRequest): ScriptedAnswer => {
    if (request.headers["x-amz-date"] === "20260102T032405Z") return { status: 200, headers: found, body: "text" };
    return request.method === "HEAD"
      ? { status: 403, headers: { date } }
      : { status: 403, headers: { date }, body: errorBody("RequestTimeTooSkewed") };
  };

  it.each([
    { name: "head", call: (driver: Driver) => driver.head("key") },
    { name: "put", call: (driver: Driver) => driver.put("key", text("text")) },
  ])("costs $name one more request, and later calls none", async ({ call }) => {
    const { driver, sent } = store({ endpoint: "http://store" }, timed);
    await call(driver);
    await call(driver);
    expect(sent).toHaveLength(3);
  });

  it("no longer harms a link that is signed then", async () => {
    const { driver } = store({ endpoint: "http://store" }, timed);
    await driver.head("key");
    const signed = await driver.signer?.signGet("key", { expiresAt: theirs + 60_000 });
    expect(signed?.url).toContain("X-Amz-Date=20260102T032405Z");
  });

  it("at a store that is never content ends after two requests", async () => {
    const { driver, sent } = store({ endpoint: "http://store" }, () => ({
      status: 403,
      headers: { date },
      body: errorBody("RequestTimeTooSkewed"),
    }));
    await expectCode(driver.head("key"), "failed_precondition");
    expect(sent).toHaveLength(2);
  });

  it("is not suspected behind a refusal at about our own time", async () => {
    const { driver, sent } = store({ endpoint: "http://store" }, () => ({
      status: 403,
      headers: { date: new Date(now + 60_000).toUTCString() },
    }));
    await expectCode(driver.get("key"), "permission_denied");
    expect(sent).toHaveLength(1);
  });
});
