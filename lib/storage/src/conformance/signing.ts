import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import { expect, it } from "vitest";
import type { Driver, SignedRequest, Signer } from "../driver.ts";
import { bodyOf, collect, md5, someBytes, text } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";

/** Long after any run of the suite, yet inside the limits of the providers. */
const soon = (): number => Date.now() + 600_000;
const bytes = someBytes(300_000);
/** A key that every step on the way might encode differently. */
const key = "up loads/ä+b%20c#1?/file.bin";

export function signing(subject: Subject): void {
  const { driver } = subject;

  it("a store that cannot sign has no signer, and one that can has", () => {
    expect(driver().signer !== undefined).toBe(driver().capabilities.sign);
  });

  it("a signed GET serves the object to somebody without credentials", async () => {
    const signer = signerOf(driver());
    if (signer === undefined) return;
    await driver().put(key, bodyOf(bytes));
    const signed = await signer.signGet(key, { expiresAt: soon(), downloadName: "f ü.bin" });
    const response = await send(signed);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-disposition")).toContain("filename*=UTF-8''f%20%C3%BC.bin");
    expectBytes(await response.arrayBuffer(), bytes);
  });

  it("a signed GET serves a range", async () => {
    const signer = signerOf(driver());
    if (signer === undefined) return;
    await driver().put(key, bodyOf(bytes));
    const signed = await signer.signGet(key, { expiresAt: soon() });
    const part = await send(signed, { headers: { range: "bytes=100-199" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe("bytes 100-199/300000");
    expectBytes(await part.arrayBuffer(), bytes.subarray(100, 200));
  });

  it("a signed PUT stores the body under the key that was signed", async () => {
    const signer = signerOf(driver());
    if (signer === undefined) return;
    const options = { expiresAt: soon(), contentMd5: md5(bytes), contentLength: bytes.byteLength };
    const response = await send(await signer.signPut(key, options), { body: bytes });
    expect([200, 201, 204]).toContain(response.status);
    await response.arrayBuffer();
    expectBytes(await collect(driver().get(key)), bytes);
  });

  it("a signed PUT without MD5 and length takes any body", async () => {
    const signer = signerOf(driver());
    if (signer === undefined) return;
    const response = await send(await signer.signPut(key, { expiresAt: soon() }), { body: text("any") });
    await response.arrayBuffer();
    expect((await driver().head(key)).size).toBe(3);
  });

  it("a signed PUT refuses other content than was signed, and stores nothing", async () => {
    const signer = signerOf(driver());
    if (signer === undefined || !subject.proves("signed-md5")) return;
    const signed = await signer.signPut(key, { expiresAt: soon(), contentMd5: md5(bytes) });
    await expectRefused(driver(), signed, { body: someBytes(300_000, 2) });
    const claimed = Buffer.from(md5(someBytes(300_000, 2))).toString("base64");
    await expectRefused(driver(), signed, { body: someBytes(300_000, 2), headers: { "content-md5": claimed } });
  });

  it("a signed PUT refuses another length than was signed", async () => {
    const signer = signerOf(driver());
    if (signer === undefined || !subject.proves("signed-length")) return;
    const signed = await signer.signPut(key, { expiresAt: soon(), contentLength: 5 });
    await expectRefused(driver(), { ...signed, headers: {} }, { body: text("sixsix") });
    await expectRefused(driver(), { ...signed, headers: {} }, { body: text("four") });
  });

  it("a link past its moment is refused, or not even made", async () => {
    const { signer } = driver();
    if (signer === undefined || !subject.proves("expiry")) return;
    await driver().put(key, bodyOf(bytes));
    const late = { expiresAt: Date.now() - 1000 };
    const early = await subject.earlySigner();
    const signed = await (early ?? signer).signGet(key, late).catch((error: unknown) => error);
    if (signed instanceof DataPlaneError) {
      expect([early, signed.code]).toEqual([undefined, "invalid_argument"]);
      return await expectCode(signer.signPut("late", late), "invalid_argument");
    }
    const get = await send(signed as SignedRequest);
    expect(get.status).toBe(403);
    await get.arrayBuffer();
    await expectRefused(driver(), await (early ?? signer).signPut("late", late), { body: bytes }, "late");
  });

  it("a link changed in any part is refused", async () => {
    const signer = signerOf(driver());
    if (signer === undefined || !subject.proves("signatures")) return;
    await driver().put(key, bodyOf(bytes));
    await driver().put("other", bodyOf(bytes));
    const { url } = await signer.signGet(key, { expiresAt: soon() });
    for (const changed of forgeries(url)) {
      const response = await fetch(changed, { headers: once });
      await response.arrayBuffer();
      // 403 for a signature that is wrong; stores choose others for a link that cannot be one, or an unknown identity.
      expect(Math.floor(response.status / 100), `${response.status} for ${changed}`).toBe(4);
    }
  });

  it("a link to read does not allow to write, nor the reverse", async () => {
    const signer = signerOf(driver());
    if (signer === undefined || !subject.proves("signatures")) return;
    const get = await signer.signGet(key, { expiresAt: soon() });
    await expectRefused(driver(), { ...get, method: "PUT" }, { body: bytes });
    await driver().put(key, bodyOf(bytes));
    const put = await signer.signPut(key, { expiresAt: soon() });
    const response = await fetch(put.url, { headers: once });
    await response.arrayBuffer();
    expect(response.status).toBe(403);
  });

  it("a link to an object that is not there answers 404", async () => {
    const signer = signerOf(driver());
    if (signer === undefined) return;
    const response = await send(await signer.signGet("absent", { expiresAt: soon() }));
    await response.arrayBuffer();
    expect(response.status).toBe(404);
  });

  it("keys that the store cannot hold are not signed", async () => {
    const signer = signerOf(driver());
    if (signer === undefined || driver().capabilities.flatKeys) return;
    await expectCode(signer.signPut("../escape", { expiresAt: soon() }), "invalid_argument");
    await expectCode(signer.signGet("a//b", { expiresAt: soon() }), "invalid_argument");
  });

  it("metadata is signed into a PUT or refused", async () => {
    const signer = signerOf(driver());
    if (signer === undefined) return;
    const signing = signer.signPut(key, { expiresAt: soon(), metadata: { flytecontentmd5: "abc=" } });
    if (!driver().capabilities.metadata) return await expectCode(signing, "unimplemented");
    const response = await send(await signing, { body: bytes });
    await response.arrayBuffer();
    expect((await driver().head(key)).metadata).toEqual({ flytecontentmd5: "abc=" });
  });
}

function signerOf(driver: Driver): Signer | undefined {
  return driver.signer;
}

interface Sent {
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A connection of its own: what a pool of the tests' client holds must not count as what the driver left open. */
const once = { connection: "close" };

async function send(signed: SignedRequest, { body, headers }: Sent = {}): Promise<Response> {
  return await fetch(signed.url, {
    method: signed.method,
    headers: { ...signed.headers, ...headers, ...once },
    ...(body !== undefined && { body: Buffer.from(body) }),
  });
}

async function expectRefused(driver: Driver, signed: SignedRequest, sent: Sent, refused = key): Promise<void> {
  const response = await send(signed, sent);
  await response.arrayBuffer();
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  await expectCode(driver.head(refused), "not_found");
}

/** The link with its path, then each of its query's values, changed. */
function forgeries(url: string): readonly string[] {
  const other = new URL(url);
  other.pathname = other.pathname.replace(/[^/]+$/, "other");
  const changed = [...new URL(url).searchParams.keys()].map((name) => {
    const link = new URL(url);
    const value = link.searchParams.get(name) ?? "";
    link.searchParams.set(name, `${value.startsWith("1") ? "2" : "1"}${value.slice(1)}`);
    return link.href;
  });
  return [other.href, ...changed];
}
