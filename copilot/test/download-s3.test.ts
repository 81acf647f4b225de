import { Buffer } from "node:buffer";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { fromPlain, type PlainLiteral } from "@flyte-dataplane/core";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { SeenRequest } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readError, readPlain, readTree, writeInputs, writeTree } from "./documents.ts";
import { dict, directory, file, integer, list, text, union } from "./download-run.ts";
import { downloadWords, flagMode, type ObjectStore, startObjectStore, storeMissing } from "./object-store.ts";
import { type Ended, inFolder, run } from "./program.ts";

describe.skipIf(storeMissing)(
  "download from S3, for which `npm run tools -- --only versitygw` gets the server,",
  () => {
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

    async function putInputs(inputs: Readonly<Record<string, PlainLiteral | Literal>>): Promise<void> {
      await inFolder(async (folder) => {
        await store.put({ "run/inputs.pb": await readFile(await writeInputs(folder, inputs)) });
      });
    }

    interface Given {
      readonly inputs?: Readonly<Record<string, PlainLiteral | Literal>>;
      readonly objects?: Readonly<Record<string, string | Uint8Array>>;
      readonly multiContainer?: boolean;
      readonly pairs?: Readonly<Record<string, string>>;
      readonly flags?: readonly string[];
    }

    interface Result extends Ended {
      readonly local: string;
      /** Message of the error document; empty where there is none. */
      readonly report: string;
    }

    async function staged(given: Given, look: (result: Result) => Promise<void> | void): Promise<void> {
      const {
        inputs = { x: text("y") },
        objects = {},
        multiContainer = false,
        pairs = store.pairs,
        flags = [],
      } = given;
      await store.put(objects);
      await putInputs(inputs);
      await store.proxy.reset();
      await writeTree(path.join(store.folder(), "run", "a0", "1"), { "error.pb": "stale" });
      await inFolder(async (folder) => {
        const local = path.join(folder, "inputs");
        const before = flagMode({ pairs, container: store.bucket, multiContainer });
        const ended = await run([...before, ...downloadWords(store, local), ...flags]);
        const document = await readError(path.join(store.folder(), "run", "a0", "1")).catch(() => undefined);
        await look({ ...ended, local, report: document?.message ?? "" });
      });
    }

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
      await staged({ inputs, objects }, async ({ status, stdout, report, local }) => {
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
      await staged({ inputs: { d: directory(store.uri("many")) }, objects }, async ({ status, local }) => {
        expect(status).toBe(0);
        const tree = await readTree(path.join(local, "d"));
        expect(Object.keys(tree).length).toBe(names.length);
        for (const name of names) expect(tree[name.slice("many/".length)]).toBe(name);
      });
    }, 60_000);

    it("asks once for each object of a folder, and for the pages of its listing [copilot B58]", async () => {
      const objects = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`few/${index}`, "x"]));
      await staged({ inputs: { d: directory(store.uri("few")) }, objects }, ({ status }) => {
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
      await staged({ inputs, objects }, async ({ local }) => {
        expect(await readTree(path.join(local, "l"))).toEqual({ 0: "1", 1: "2", 2: "3" });
      });
    });

    it("names the variable of an object that is missing [copilot 47]", async () => {
      await staged({ inputs: { gone: file(store.uri("nothing/here")) } }, ({ status, report }) => {
        expect(status).toBe(0);
        expect(report).toContain('variable "gone"');
        expect(report).toContain(store.uri("nothing/here"));
      });
    });

    it("reads other buckets only where that is allowed, and else names the one that is [copilot 20]", async () => {
      await store.put({ there: "data" }, store.other);
      const inputs = { x: file(store.uri("there", store.other)) };
      await staged({ inputs, multiContainer: true }, async ({ status, local }) => {
        expect(status).toBe(0);
        expect(await readTree(local)).toMatchObject({ x: "data" });
      });
      await staged({ inputs }, ({ report }) => {
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
          await staged({ inputs: { x: file(uri) } }, async ({ report, local }) => {
            expect(report).toContain("not in files");
            expect(Object.keys(await readTree(local))).toEqual([]);
          });
        }
      });
    });

    it("with wrong keys exits 1 and says so, without usage text or secret [copilot 58]", async () => {
      const pairs = { ...store.pairs, secret_key: "WRONGSECRET" };
      await staged({ pairs }, ({ status, stdout, stderr }) => {
        expect(status).toBe(1);
        expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Error: /);
        expect(`${stdout}${stderr}`).not.toContain("WRONGSECRET");
        expect(stderr).not.toContain("Usage");
      });
    });

    it("does not make a bucket that is missing", async () => {
      const before = await store.buckets();
      const words = flagMode({ pairs: store.pairs, container: "b-absent" });
      await inFolder(async (folder) => {
        const place = ["--from-remote", "s3://b-absent/i", "--to-output-prefix", "s3://b-absent/o", "-o", folder];
        const { status, stderr } = await run([...words, "download", ...place]);
        expect(status).toBe(1);
        expect(stderr).toContain("b-absent");
      });
      expect(await store.buckets()).toEqual(before);
    });

    it("asks again where that may help and goes on behind the last byte, but not after a refusal [copilot B45]", async () => {
      const large = Buffer.alloc(3_000_000, "0123456789abcdef");
      await store.put({ "again/large": large });
      await putInputs({ x: file(store.uri("again/large")) });
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
        await putInputs({ x: text("y") });
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

    it("brings one object in ranges at once, whole", async () => {
      const large = Buffer.alloc(48 * 1024 * 1024);
      for (let at = 0; at < large.byteLength; at += 4096) large.writeUInt32LE(at, at);
      await staged({ inputs: { x: file(store.uri("big")) }, objects: { big: large } }, async ({ status, local }) => {
        expect(status).toBe(0);
        expect(large.equals(await readFile(path.join(local, "x")))).toBe(true);
        expect(store.proxy.requests.filter(({ headers }) => headers.has("range")).length).toBe(3);
      });
    });
  },
);
