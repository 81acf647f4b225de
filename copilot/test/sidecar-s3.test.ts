import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { blob, outputsOf, readError, readPlain, readTree, simple, type Type, writeTree } from "./documents.ts";
import {
  flagMode,
  type ObjectStore,
  secretMode,
  stallUntilReport,
  startObjectStore,
  storeHint,
  storeMissing,
} from "./object-store.ts";
import { type Ended, inFolder, run, start, untilReady } from "./program.ts";

describe.skipIf(storeMissing)(`outputs on S3 ${storeHint}`, () => {
  let store: ObjectStore;
  let attempt = 0;

  beforeAll(async () => {
    store = await startObjectStore();
  });

  afterEach(async () => {
    await store.proxy.reset();
  });

  afterAll(async () => {
    await store.stop();
  });

  interface Task {
    readonly types: Readonly<Record<string, Type>>;
    readonly files: Readonly<Record<string, string | Uint8Array>>;
    readonly words?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** Waits for its signal, as in a pod; else begins at once. */
    readonly waits?: boolean;
  }

  interface Published extends Ended {
    /** Folder of the attempt's documents at the store. */
    readonly output: string;
    /** Folder of the attempt's data. */
    readonly raw: string;
  }

  async function published(task: Task, look: (result: Published) => Promise<void>): Promise<void> {
    attempt += 1;
    const place = `run/a0/${attempt}`;
    const { words = flagMode({ pairs: store.pairs, container: store.bucket }), env = {}, waits = false } = task;
    await store.proxy.reset();
    await inFolder(async (folder) => {
      const local = path.join(folder, "outputs");
      await writeTree(local, task.files);
      const program = start(
        [
          ...words,
          "sidecar",
          "--timeout",
          "1h0m0s",
          "--to-raw-output",
          store.uri(`${place}/raw`),
          "--to-output-prefix",
          store.uri(place),
          "--from-local-dir",
          local,
          "--interface",
          outputsOf(task.types),
          ...(waits ? [] : ["--start-watcher-type", "noop"]),
        ],
        { cwd: folder, env },
      );
      if (waits) {
        await untilReady(folder);
        program.child.kill("SIGTERM");
      }
      const output = path.join(store.folder(), place);
      await look({ ...(await program.ended), output, raw: path.join(output, "raw") });
    });
  }

  it("are stored at the signal, data first and their message last [copilot 60,74,77]", async () => {
    const types = { n: simple("INTEGER"), f: blob(0, "csv"), d: blob(1) };
    const files = { n: "7\n", "f.csv": "a,b", "d/x": "X", "d/sub/x": "Y", "d/é #?%": "Z", other: "no" };
    await published({ types, files, waits: true }, async ({ status, output, raw }) => {
      expect(status).toBe(0);
      expect(await readTree(raw)).toEqual({ f: "a,b", "d/x": "X", "d/sub/x": "Y", "d/é #?%": "Z" });
      const base = store.uri(`run/a0/${attempt}/raw`);
      expect(await readPlain(path.join(output, "outputs.pb"))).toEqual({
        n: { kind: "integer", value: 7n },
        f: { kind: "blob", uri: `${base}/f`, format: "csv", multipart: false },
        d: { kind: "blob", uri: `${base}/d`, format: "", multipart: true },
      });
      const puts = store.proxy.requests.filter(({ method }) => method === "PUT").map(({ target }) => target);
      expect(puts.at(-1)).toMatch(/outputs\.pb$/);
      // One request for each small object.
      expect(puts.length).toBe(5);
    });
  });

  it("of many files cost one request each [copilot B58]", async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`d/${index}`, "x"]));
    await published({ types: { d: blob(1) }, files }, async ({ status }) => {
      expect(status).toBe(0);
      const data = store.proxy.requests.filter(({ target }) => target.includes("/raw/"));
      expect(data.map(({ method }) => method)).toEqual(Array.from({ length: 50 }, () => "PUT"));
    });
  });

  it("of many megabytes go up in parts and arrive whole", async () => {
    const large = Buffer.alloc(40 * 1024 * 1024);
    for (let at = 0; at < large.byteLength; at += 4096) large.writeUInt32LE(at, at);
    await published({ types: { f: blob(0) }, files: { f: large } }, async ({ status, raw }) => {
      expect(status).toBe(0);
      expect(large.equals(await readFile(path.join(raw, "f")))).toBe(true);
      expect(store.proxy.requests.filter(({ target }) => target.includes("partNumber=")).length).toBe(8);
    });
  });

  it("find the store by the files of a Secret", async () => {
    await inFolder(async (folder) => {
      const config = Object.entries(store.pairs).map(([key, value]) => `      ${key}: ${value}\n`);
      await writeTree(folder, { "storage.yaml": `storage:\n  stow:\n    kind: s3\n    config:\n${config.join("")}` });
      const words = secretMode(store.bucket, `${folder}/*.yaml`);
      await published({ types: { s: simple("STRING") }, files: { s: "x" }, words }, async ({ status, output }) => {
        expect(status).toBe(0);
        expect(Object.keys(await readTree(output))).toEqual(["outputs.pb"]);
      });
    });
  });

  it("are signed with a secret from a file, blanks dropped, before one in the settings [copilot 17]", async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { secret: ` ${store.pairs["secret_key"]}\n` });
      const pairs = { ...store.pairs, secret_key: "wrong", secret_key_path: path.join(folder, "secret") };
      const words = flagMode({ pairs, container: store.bucket });
      await published({ types: { s: simple("STRING") }, files: { s: "x" }, words }, async ({ status, output }) => {
        expect(status).toBe(0);
        expect(Object.keys(await readTree(output))).toEqual(["outputs.pb"]);
      });
      const absent = flagMode({ pairs: { ...pairs, secret_key_path: `${folder}/absent` }, container: store.bucket });
      const { status, stderr } = await run([...absent, "sidecar"]);
      expect(status).toBe(1);
      expect(stderr).toContain(`${folder}/absent`);
    });
  });

  it("are signed with the surroundings' keys for iam, and no others stand in for missing ones [copilot 18]", async () => {
    const { access_key_id: id = "", secret_key: secret = "", ...place } = store.pairs;
    const env = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret };
    const words = flagMode({ pairs: { ...place, auth_type: "iam" }, container: store.bucket });
    await published({ types: { s: simple("STRING") }, files: { s: "x" }, words, env }, async ({ status, output }) => {
      expect(status).toBe(0);
      expect(Object.keys(await readTree(output))).toEqual(["outputs.pb"]);
    });
    const { status, stderr } = await run([...flagMode({ pairs: place, container: store.bucket }), "sidecar"], { env });
    expect(status).toBe(1);
    expect(stderr).toContain("access_key_id");
  });

  it("that cannot be stored give a report that a later attempt may mend [copilot 81,82]", async () => {
    const isData = ({ target }: { readonly target: string }): boolean => target.includes("/raw/");
    attempt += 1;
    await inFolder(async (folder) => {
      await writeTree(folder, { "outputs/f": "x" });
      store.proxy.inject({ when: isData, effect: { kind: "answer", status: 403 }, times: Number.POSITIVE_INFINITY });
      const place = store.uri(`run/a0/${attempt}`);
      const { status } = await run([
        ...flagMode({ pairs: store.pairs, container: store.bucket }),
        "sidecar",
        "--to-raw-output",
        `${place}/raw`,
        "--to-output-prefix",
        place,
        "--from-local-dir",
        `${folder}/outputs`,
        "--interface",
        outputsOf({ f: blob(0) }),
        "--start-watcher-type",
        "noop",
      ]);
      expect(status).toBe(0);
      expect(await readError(path.join(store.folder(), `run/a0/${attempt}`))).toMatchObject({
        code: "OutputUploadFailed",
        recoverable: true,
        origin: "system",
      });
    });
  });

  it("are not announced where one file of a folder cannot be stored [copilot 77]", async () => {
    attempt += 1;
    await inFolder(async (folder) => {
      await writeTree(folder, { "outputs/f": "x", "outputs/d/1": "x" });
      const isInFolder = ({ target }: { readonly target: string }): boolean => target.includes("/raw/d/");
      store.proxy.inject({
        when: isInFolder,
        effect: { kind: "answer", status: 403 },
        times: Number.POSITIVE_INFINITY,
      });
      const { status } = await run(sidecar(folder, store.uri(`run/a0/${attempt}`), { f: blob(0), d: blob(1) }));
      expect(status).toBe(0);
      const output = path.join(store.folder(), `run/a0/${attempt}`);
      expect((await readError(output))?.message).toContain('"d"');
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("that cannot be stored are reported where the credentials may only read and write", async () => {
    attempt += 1;
    await inFolder(async (folder) => {
      await writeTree(folder, { "outputs/n": "no number" });
      refuseAllButReadAndWrite();
      const place = store.uri(`run/a0/${attempt}`);
      const { status } = await run(sidecar(folder, place, { n: simple("INTEGER") }));
      expect(status).toBe(0);
      expect(await readError(path.join(store.folder(), `run/a0/${attempt}`))).toMatchObject({
        code: "OutputUploadFailed",
      });
    });
  });

  it("are published where the credentials may only read and write", async () => {
    attempt += 1;
    await inFolder(async (folder) => {
      await writeTree(folder, { "outputs/n": "7" });
      refuseAllButReadAndWrite();
      const { status, stderr } = await run(sidecar(folder, store.uri(`run/a0/${attempt}`), { n: simple("INTEGER") }));
      expect({ status, stderr }).toMatchObject({ status: 0, stderr: "" });
      expect(Object.keys(await readTree(path.join(store.folder(), `run/a0/${attempt}`)))).toEqual(["outputs.pb"]);
    });
  });

  /** As S3 answers credentials without `s3:ListBucket`, which hides what is absent, and `s3:DeleteObject`. */
  function refuseAllButReadAndWrite(): void {
    store.proxy.inject({
      when: ({ method, target }) => method !== "PUT" && /\/(?:error|errors)\.pb$/.test(target),
      effect: {
        kind: "answer",
        status: 403,
        headers: { "content-type": "application/xml" },
        body: "<Error><Code>AccessDenied</Code></Error>",
      },
      times: Number.POSITIVE_INFINITY,
    });
  }

  function sidecar(folder: string, place: string, types: Readonly<Record<string, Type>>): readonly string[] {
    return [
      ...flagMode({ pairs: store.pairs, container: store.bucket }),
      "sidecar",
      "--logger.level=2",
      `--to-raw-output=${place}/raw`,
      `--to-output-prefix=${place}`,
      `--from-local-dir=${folder}/outputs`,
      `--interface=${outputsOf(types)}`,
      "--start-watcher-type=noop",
    ];
  }

  it("out of time have closed what was under way when the report is written [copilot B13]", async () => {
    attempt += 1;
    await inFolder(async (folder) => {
      await writeTree(folder, { "outputs/d/1": "x", "outputs/d/2": "x", "outputs/d/3": "x" });
      stallUntilReport(store.proxy, ({ target }) => target.includes("/raw/"));
      const place = store.uri(`run/a0/${attempt}`);
      const { status } = await run([
        ...flagMode({ pairs: store.pairs, container: store.bucket }),
        "sidecar",
        "--timeout=1s",
        `--to-raw-output=${place}/raw`,
        `--to-output-prefix=${place}`,
        `--from-local-dir=${folder}/outputs`,
        `--interface=${outputsOf({ d: blob(1) })}`,
        "--start-watcher-type=noop",
      ]);
      expect(status).toBe(0);
      expect(store.proxy.met).toBe(4);
      expect((await readError(path.join(store.folder(), `run/a0/${attempt}`)))?.message).toContain("time limit");
    });
  });
});
