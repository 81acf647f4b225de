import { Buffer } from "node:buffer";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { fromPlain } from "@flyte-dataplane/core";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readError, readPlain, readTree, writeInputs } from "./documents.ts";
import { dict, directory, file, integer, list, text, union } from "./download-run.ts";
import { type ObjectStore, startObjectStore, storeHint, storeMissing } from "./object-store.ts";
import { inFolder, run } from "./program.ts";
import { stagedFromS3 } from "./s3-download.ts";

describe.skipIf(storeMissing)(`download from S3 ${storeHint}`, () => {
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

  it("stages every kind of input by the executor's own words [copilot 4,19]", async () => {
    const offloaded = toBinary(LiteralSchema, fromPlain(text("far away")));
    const inputs = {
      n: integer(7n),
      s: text("é"),
      none: { kind: "none" } as const,
      u: union(file(store.uri("data/a.csv"))),
      f: file(store.uri("data/a.csv")),
      d: directory(store.uri("data/d")),
      l: list(file(store.uri("data/a.csv")), list(integer(1n))),
      m: dict({ k: directory(store.uri("data/d/sub/")) }),
      schema: { kind: "schema", uri: store.uri("data/d"), type: undefined } as const,
      far: create(LiteralSchema, { value: { case: "offloadedMetadata", value: { uri: store.uri("data/far.pb") } } }),
    };
    const objects = {
      "data/a.csv": "A",
      "data/d/x": "X",
      "data/d/sub/y z": "Y",
      "data/dd/no": "",
      "data/far.pb": offloaded,
    };
    await stagedFromS3(store, { inputs, objects }, async ({ status, stdout, report, local }) => {
      expect({ status, stdout, report }).toEqual({ status: 0, stdout: "", report: "" });
      expect(store.proxy.requests.filter(({ target }) => !target.startsWith(`/${store.bucket}`))).toEqual([]);
      const { "inputs.pb": message, "inputs.json": metadata, ...tree } = await readTree(local);
      expect(message).toBeDefined();
      expect(tree).toEqual({
        n: "7",
        s: "é",
        none: "null",
        u: "A",
        f: "A",
        "d/x": "X",
        "d/sub/y z": "Y",
        "l/0": "A",
        "l/1/0": "1",
        "m/k/y z": "Y",
        "schema/x": "X",
        "schema/sub/y z": "Y",
        far: "far away",
      });
      expect(JSON.parse(metadata ?? "")).toMatchObject({ n: 7, f: `${local}/f`, far: "far away" });
      expect(await readPlain(path.join(local, "inputs.pb"))).toMatchObject({ d: { uri: `${local}/d` } });
    });
  });

  it("brings a folder of more objects than a page of a listing has [copilot 44]", async () => {
    const names = Array.from({ length: 1100 }, (_, index) => `many/${index % 9}/${index}`);
    const objects = Object.fromEntries(names.map((name) => [name, name]));
    await stagedFromS3(store, { inputs: { d: directory(store.uri("many")) }, objects }, async ({ status, local }) => {
      expect(status).toBe(0);
      const tree = await readTree(path.join(local, "d"));
      expect(Object.keys(tree).length).toBe(names.length);
      for (const name of names) expect(tree[name.slice("many/".length)]).toBe(name);
    });
  }, 60_000);

  it("asks once for each object of a folder, and for the pages of its listing [copilot B58]", async () => {
    const objects = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`few/${index}`, "x"]));
    await stagedFromS3(store, { inputs: { d: directory(store.uri("few")) }, objects }, ({ status }) => {
      expect(status).toBe(0);
      const asked = store.proxy.requests.filter(({ target }) => target.includes("few"));
      expect(asked.filter(({ target }) => target.includes("?")).length).toBe(1);
      expect(asked.filter(({ target }) => !target.includes("?")).map(({ method }) => method)).toEqual(
        Array.from({ length: 20 }, () => "GET"),
      );
    });
  });

  it("takes marks of URIs in keys for what they are [copilot B59]", async () => {
    const inputs = {
      l: list(file(store.uri("odd/a#b")), file(store.uri("odd/c?d=e")), file(store.uri("odd/f%25g"))),
    };
    const objects = { "odd/a#b": "1", "odd/c?d=e": "2", "odd/f%g": "3", "odd/a": "no", "odd/c": "no" };
    await stagedFromS3(store, { inputs, objects }, async ({ local }) => {
      expect(await readTree(path.join(local, "l"))).toEqual({ 0: "1", 1: "2", 2: "3" });
    });
  });

  it("names the variable of an object that is missing [copilot 47]", async () => {
    await stagedFromS3(store, { inputs: { gone: file(store.uri("nothing/here")) } }, ({ status, report }) => {
      expect(status).toBe(0);
      expect(report).toContain('variable "gone"');
      expect(report).toContain(store.uri("nothing/here"));
    });
  });

  it("reads other buckets only where that is allowed, and else names the one that is [copilot 20]", async () => {
    await store.put({ there: "data" }, store.other);
    const inputs = { x: file(store.uri("there", store.other)) };
    await stagedFromS3(store, { inputs, multiContainer: true }, async ({ status, local }) => {
      expect(status).toBe(0);
      expect(await readTree(local)).toMatchObject({ x: "data" });
    });
    await stagedFromS3(store, { inputs }, ({ report }) => {
      expect(report).toContain(`"${store.bucket}"`);
      expect(report).toContain("enable-multicontainer");
      expect(store.proxy.requests.some(({ target }) => target.includes(store.other))).toBe(false);
    });
  });

  it("makes no input of a file of its own container", async () => {
    await inFolder(async (folder) => {
      const secret = path.join(folder, "storage.yaml");
      await writeFile(secret, "SECRET");
      for (const uri of [secret, `file://${secret}`]) {
        await stagedFromS3(store, { inputs: { x: file(uri) } }, async ({ report, local }) => {
          expect(report).toContain("not in files");
          expect(Object.keys(await readTree(local))).toEqual([]);
        });
      }
    });
  });

  it("reads S3 with the credentials of the surroundings where the task's data are files", async () => {
    await store.put({ "beside/x": "from S3" });
    await inFolder(async (folder) => {
      const remote = await writeInputs(path.join(folder, "run"), { x: file(store.uri("beside/x")), t: text("y") });
      const settings = ["--storage.type=local", "--storage.stow.kind=local", `--storage.stow.config=path=${folder}`];
      const words = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", `${folder}/in`];
      const env = {
        AWS_ACCESS_KEY_ID: store.pairs["access_key_id"] ?? "",
        AWS_SECRET_ACCESS_KEY: store.pairs["secret_key"] ?? "",
        AWS_REGION: store.pairs["region"] ?? "",
        AWS_ENDPOINT_URL: store.proxy.endpoint,
      };
      expect((await run([...settings, "download", ...words], { env })).status).toBe(0);
      expect(await readError(`${folder}/out`)).toBeUndefined();
      expect(await readTree(`${folder}/in`)).toMatchObject({ x: "from S3", t: "y" });
    });
  });

  it("brings one object in ranges at once, whole", async () => {
    const large = Buffer.alloc(48 * 1024 * 1024);
    for (let at = 0; at < large.byteLength; at += 4096) large.writeUInt32LE(at, at);
    await stagedFromS3(
      store,
      { inputs: { x: file(store.uri("big")) }, objects: { big: large } },
      async ({ status, local }) => {
        expect(status).toBe(0);
        expect(large.equals(await readFile(path.join(local, "x")))).toBe(true);
        expect(store.proxy.requests.filter(({ headers }) => headers.has("range")).length).toBe(3);
      },
    );
  });
});
