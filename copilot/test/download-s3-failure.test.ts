import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { SeenRequest } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readError } from "./documents.ts";
import { directory, file, list, text } from "./download-run.ts";
import {
  flagMode,
  type ObjectStore,
  stallUntilReport,
  startObjectStore,
  storeHint,
  storeMissing,
} from "./object-store.ts";
import { inFolder, run } from "./program.ts";
import { downloadWords, putInputs, stagedFromS3 } from "./s3-download.ts";

describe.skipIf(storeMissing)(`a download from S3 that meets trouble ${storeHint}`, () => {
  let store: ObjectStore;

  beforeAll(async () => {
    store = await startObjectStore();
  });

  afterEach(async () => {
    await store.proxy.reset();
  });

  afterAll(async () => {
    await store.stop();
  });

  it("with wrong keys exits 1 and says so, without usage text or secret [copilot 58]", async () => {
    const pairs = { ...store.pairs, secret_key: "WRONGSECRET" };
    await stagedFromS3(store, { pairs }, ({ status, stdout, stderr }) => {
      expect(status).toBe(1);
      expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Error: /);
      expect(`${stdout}${stderr}`).not.toContain("WRONGSECRET");
      expect(stderr).not.toContain("Usage");
    });
  });

  it("asks again where that may help and goes on behind the last byte, but not after a refusal [copilot B45]", async () => {
    const large = Buffer.alloc(3_000_000, "0123456789abcdef");
    await store.put({ "again/large": large });
    await putInputs(store, { x: file(store.uri("again/large")) });
    const isData = ({ target }: SeenRequest): boolean => target.endsWith("/again/large");
    const words = flagMode({ pairs: store.pairs, container: store.bucket });
    await inFolder(async (local) => {
      await store.proxy.reset();
      store.proxy.inject({ when: isData, effect: { kind: "answer", status: 429 } });
      store.proxy.inject({ when: isData, effect: { kind: "answer", status: 503 } });
      store.proxy.inject({ when: isData, effect: { kind: "stall-request", afterBytes: 0 } });
      store.proxy.inject({ when: isData, effect: { kind: "reset-answer", afterBytes: 1_000_000 } });
      const limited = ["--storage.defaultHttpClient.timeout=2s", ...words, ...downloadWords(store, local)];
      expect((await run(limited)).status).toBe(0);
      expect(store.proxy.met).toBe(4);
      expect(large.equals(await readFile(path.join(local, "x")))).toBe(true);
      const ranges = store.proxy.requests.filter(isData).map(({ headers }) => headers.get("range"));
      expect(ranges.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
      expect(ranges.slice(4)).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-/)]);
    });
    for (const status of [401, 403, 404]) {
      await store.proxy.reset();
      await inFolder(async (local) => {
        store.proxy.inject({ when: isData, effect: { kind: "answer", status }, times: Number.POSITIVE_INFINITY });
        await run([...words, ...downloadWords(store, local)]);
        expect(store.proxy.requests.filter(isData).length).toBe(1);
      });
    }
  });

  it("within its time limit ends although the store never gives the inputs message [copilot B55]", async () => {
    await inFolder(async (local) => {
      await putInputs(store, { x: text("y") });
      const isMessage = ({ target }: SeenRequest): boolean => target.endsWith("/inputs.pb");
      store.proxy.inject({
        when: isMessage,
        effect: { kind: "stall-request", afterBytes: 0 },
        times: Number.POSITIVE_INFINITY,
      });
      const words = [...flagMode({ pairs: store.pairs, container: store.bucket }), ...downloadWords(store, local)];
      const { status } = await run([...words, "--timeout", "1s"]);
      expect(status).toBe(0);
      expect((await readError(path.join(store.folder(), "run/a0/1")))?.message).toContain("time limit");
    });
  });

  it("asks for nothing but objects and listings of a folder, and makes no bucket [copilot B41]", async () => {
    const before = await store.buckets();
    const inputs = { f: file(store.uri("plain/a")), d: directory(store.uri("plain")) };
    await stagedFromS3(store, { inputs, objects: { "plain/a": "A" } }, ({ status }) => {
      expect(status).toBe(0);
      const object = new RegExp(`^/${store.bucket}/[^?]+$`);
      const others = store.proxy.requests.filter(({ target }) => !object.test(target));
      expect(others.map(({ method }) => method)).toEqual(["GET"]);
      expect(others[0]?.target).toMatch(new RegExp(`^/${store.bucket}/?\\?.*prefix=plain%2F`));
    });
    const words = flagMode({ pairs: store.pairs, container: "b-absent" });
    await inFolder(async (folder) => {
      const place = ["--from-remote", "s3://b-absent/i", "--to-output-prefix", "s3://b-absent/o", "-o", folder];
      const { status, stderr } = await run([...words, "download", ...place]);
      expect(status).toBe(1);
      expect(stderr).toContain("b-absent");
    });
    expect(await store.buckets()).toEqual(before);
  });

  it("says nothing of keys and signed queries, however much it logs [copilot B8]", async () => {
    const pairs = { ...store.pairs, token: "SECRETTOKEN" };
    const inputs = {
      web: file("http://127.0.0.1:1/f?X-Amz-Signature=SECRETQUERY"),
      gone: file(store.uri("gone")),
    };
    const secrets = ["SECRETTOKEN", "SECRETQUERY", store.pairs["secret_key"] ?? ""];
    await stagedFromS3(store, { inputs, flags: ["--logger.level=5"] }, ({ stdout, stderr, report }) => {
      for (const name of ["web", "gone"]) expect(report).toContain(`"${name}"`);
      expect(stderr.split("\n").length).toBeGreaterThan(2);
      for (const secret of secrets) expect(`${stdout}${stderr}${report}`).not.toContain(secret);
    });
    await stagedFromS3(store, { inputs, pairs, flags: ["--logger.level=5"] }, ({ status, stdout, stderr }) => {
      expect(status).toBe(1);
      for (const secret of secrets) expect(`${stdout}${stderr}`).not.toContain(secret);
    });
  });

  it("out of time has closed what was under way when it writes its report [copilot B13]", async () => {
    const inputs = { l: list(file(store.uri("slow/1")), file(store.uri("slow/2")), file(store.uri("slow/3"))) };
    await store.put({ "slow/1": "x", "slow/2": "x", "slow/3": "x" });
    await putInputs(store, inputs);
    await store.proxy.reset();
    stallUntilReport(store.proxy, ({ target }) => target.includes("/slow/"));
    await inFolder(async (local) => {
      const words = [...flagMode({ pairs: store.pairs, container: store.bucket }), ...downloadWords(store, local)];
      expect((await run([...words, "--timeout", "1s"])).status).toBe(0);
      expect(store.proxy.met).toBe(4);
      expect((await readError(path.join(store.folder(), "run/a0/1")))?.message).toContain("time limit");
    });
  });
});
