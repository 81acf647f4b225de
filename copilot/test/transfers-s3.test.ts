import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { SeenRequest } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { blob, outputsOf, readError, readTree, writeTree } from "./documents.ts";
import { directory, file } from "./download-run.ts";
import { flagMode, type ObjectStore, startObjectStore, storeHint, storeMissing } from "./object-store.ts";
import { inFolder, run, start } from "./program.ts";
import { downloadWords, putInputs } from "./s3-download.ts";

const always = Number.POSITIVE_INFINITY;

describe.skipIf(storeMissing)(`transfers with S3 ${storeHint}`, () => {
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

  const words = (): readonly string[] => flagMode({ pairs: store.pairs, container: store.bucket });

  const sidecarWords = (folder: string, place: string, types: Parameters<typeof outputsOf>[0]): readonly string[] => [
    ...words(),
    "sidecar",
    `--to-raw-output=${store.uri(place)}/raw`,
    `--to-output-prefix=${store.uri(place)}`,
    `--from-local-dir=${folder}`,
    `--interface=${outputsOf(types)}`,
    "--start-watcher-type=noop",
  ];

  it.each([
    { name: "the checksum that copilot stored with it", stored: "by copilot", says: "CRC" },
    { name: "the MD5 that is its ETag", stored: "by others", says: "MD5" },
  ])("an object is compared with $name; another body is asked for again, then refused [copilot B19]", async (given) => {
    const key = `verify/${given.stored}/raw/x`;
    if (given.stored === "by others") await store.put({ [key]: "0123456789".repeat(1000) });
    else
      await inFolder(async (folder) => {
        await writeTree(folder, { x: "0123456789".repeat(1000) });
        await run(sidecarWords(folder, path.dirname(path.dirname(key)), { x: blob(0) }));
      });
    await putInputs(store, { x: file(store.uri(key)) });
    const isData = ({ target }: SeenRequest): boolean => target.endsWith("/raw/x");
    for (const times of [1, always]) {
      await store.proxy.reset();
      store.proxy.inject({ when: isData, effect: { kind: "corrupt-answer", atByte: 5000 }, times });
      await inFolder(async (local) => {
        expect((await run([...words(), ...downloadWords(store, local)])).status).toBe(0);
        expect(store.proxy.requests.filter(isData).length).toBe(2);
        const report = (await readError(path.join(store.folder(), "run/a0/1")))?.message;
        if (times === 1) {
          expect(await readFile(path.join(local, "x"), "utf8")).toBe("0123456789".repeat(1000));
          expect(report).toBeUndefined();
        } else {
          expect(report).toContain(given.says);
          expect(await readTree(local)).toEqual({});
        }
      });
    }
  });

  it("an object that comes too short is gone on with until it is whole [copilot B19]", async () => {
    const content = "0123456789".repeat(1000);
    await store.put({ "short/x": content });
    await putInputs(store, { x: file(store.uri("short/x")) });
    await store.proxy.reset();
    const isData = ({ target }: SeenRequest): boolean => target.endsWith("/short/x");
    store.proxy.inject({ when: isData, effect: { kind: "short-answer", afterBytes: 4000 } });
    await inFolder(async (local) => {
      expect((await run([...words(), ...downloadWords(store, local)])).status).toBe(0);
      expect(store.proxy.met).toBe(1);
      expect(await readFile(path.join(local, "x"), "utf8")).toBe(content);
    });
  });

  it("an archived object fails by its name, alone and in a folder [copilot B37]", async () => {
    await store.put({ "cold/a": "1", "cold/frozen": "2", "cold/z": "3" });
    const archived = "<Error><Code>InvalidObjectState</Code><StorageClass>GLACIER</StorageClass></Error>";
    for (const input of [file(store.uri("cold/frozen")), directory(store.uri("cold"))]) {
      await putInputs(store, { x: input });
      await store.proxy.reset();
      store.proxy.inject({
        when: ({ target }) => target.endsWith("/cold/frozen"),
        effect: { kind: "answer", status: 403, headers: { "content-type": "application/xml" }, body: archived },
        times: always,
      });
      await inFolder(async (local) => {
        await run([...words(), ...downloadWords(store, local)]);
        const report = (await readError(path.join(store.folder(), "run/a0/1")))?.message;
        expect(report).toContain(store.uri("cold/frozen"));
        expect(report).toContain("archived");
        expect(await readTree(local)).not.toHaveProperty(["inputs.pb"]);
      });
    }
  });

  it("a large object comes in ranges that are under way together, a smaller one in one stream [copilot B44]", async () => {
    const mebibyte = 1024 * 1024;
    const large = Buffer.alloc(48 * mebibyte);
    for (let at = 0; at < large.byteLength; at += 4096) large.writeUInt32LE(at, at);
    await store.put({ "ranges/large": large, "ranges/small": large.subarray(0, 32 * mebibyte) });
    await putInputs(store, { large: file(store.uri("ranges/large")), small: file(store.uri("ranges/small")) });
    await store.proxy.reset();
    const isRange = ({ headers }: SeenRequest): boolean => headers.has("range");
    let begun = 0;
    let release = (): void => undefined;
    const together = new Promise<void>((resolve) => {
      release = resolve;
    });
    // None is answered before all three are asked for: a stream that waits for one after the other would never end.
    const hold = async (): Promise<void> => {
      begun += 1;
      if (begun === 3) release();
      await together;
    };
    store.proxy.inject({ when: isRange, effect: { kind: "hold-answer", afterBytes: 0, hold }, times: always });
    await inFolder(async (local) => {
      expect((await run([...words(), ...downloadWords(store, local)])).status).toBe(0);
      expect(large.equals(await readFile(path.join(local, "large")))).toBe(true);
      const ranges = store.proxy.requests.filter(isRange);
      expect(ranges.length).toBe(3);
      expect(ranges.every(({ target }) => target.endsWith("/ranges/large"))).toBe(true);
    });
  });

  it("a run tells its progress at a fixed interval and sums itself up in one line [copilot B48]", async () => {
    await store.put({ "told/x": Buffer.alloc(30_000_000, "x"), "told/d/1": "one", "told/d/2": "two" });
    await putInputs(store, { x: file(store.uri("told/x")), d: directory(store.uri("told/d")) });
    await store.proxy.reset();
    store.proxy.inject({ when: ({ target }) => target.endsWith("/told/d/1"), effect: { kind: "answer", status: 503 } });
    await inFolder(async (local) => {
      const flags = ["--copilot.progress-interval", "20ms"];
      const { child, ended } = start([...words(), ...downloadWords(store, local), ...flags]);
      const lines: unknown[] = [];
      let heard = (): void => undefined;
      const progress = new Promise<void>((resolve) => {
        heard = resolve;
      });
      child.stderr?.on("data", (text: string) => {
        lines.push(...text.split("\n").filter((line) => line.includes('"moving"') && !line.includes('"bytes":0')));
        if (lines.length >= 3) heard();
      });
      store.proxy.inject({
        when: ({ target }) => target.endsWith("/told/x"),
        effect: { kind: "hold-answer", afterBytes: 20_000_000, hold: async () => await progress },
      });
      const { status, stderr } = await ended;
      expect(status).toBe(0);
      expect(lines.length).toBeGreaterThanOrEqual(3);
      const told = stderr
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { readonly msg: string; readonly json: object })
        .filter(({ msg }) => msg.startsWith("inputs"));
      expect(told).toMatchObject([
        {
          msg: "inputs staged",
          json: { files: 3, bytes: 30_000_006, retries: 1, seconds: expect.any(Number) as number },
        },
      ]);
    });
    await inFolder(async (folder) => {
      await writeTree(folder, { x: "data", "d/1": "one", "d/2": "two!" });
      await store.proxy.reset();
      store.proxy.inject({ when: ({ target }) => target.endsWith("/raw/x"), effect: { kind: "answer", status: 503 } });
      const { stderr } = await run(sidecarWords(folder, "told/up", { x: blob(0), d: blob(1) }));
      expect(JSON.parse(stderr)).toMatchObject({
        msg: "outputs published",
        json: { files: 3, bytes: 11, retries: 1, seconds: expect.any(Number) as number },
      });
    });
  });

  it("an upload stops by the margin before its time limit, which the report has [copilot B12]", async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { x: "data" });
      await store.proxy.reset();
      const when = ({ target }: SeenRequest): boolean => target.includes("/raw/");
      store.proxy.inject({ when, effect: { kind: "stall-request", afterBytes: 0 }, times: always });
      // Of the hour one second is left for the upload: whoever used it all would not end here.
      const flags = ["--timeout=1h", "--copilot.report-margin=59m59s"];
      const { status } = await run([...sidecarWords(folder, "margin", { x: blob(0) }), ...flags]);
      expect(status).toBe(0);
      expect((await readError(path.join(store.folder(), "margin")))?.message).toContain("time limit");
    });
  });

  it("a store that takes no report does not hold the program up for ever", async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { x: "data" });
      await store.proxy.reset();
      store.proxy.inject({ effect: { kind: "stall-request", afterBytes: 0 }, times: always });
      const { status, stderr } = await run([...sidecarWords(folder, "silent", { x: blob(0) }), "--timeout=1s"]);
      expect(status).toBe(1);
      expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Error: .*time limit/);
    });
  });
});
