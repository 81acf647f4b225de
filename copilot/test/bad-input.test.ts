import { Buffer } from "node:buffer";
import { appendFile, mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { fromPlain, type PlainLiteral } from "@flyte-dataplane/core";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { blob, listOf, outputsOf, readError, readTree, simple, writeTree } from "./documents.ts";
import { stage, staged, stageFrom, text } from "./download-run.ts";
import { flagMode, type ObjectStore, startObjectStore, storeHint, storeMissing } from "./object-store.ts";
import { inFolder, run } from "./program.ts";
import { places, published, publishIn } from "./sidecar-run.ts";

/** The last line of stderr, which a pod's status shows. */
function lastLine(stderr: string): string {
  return stderr.trimEnd().split("\n").at(-1) ?? "";
}

describe("an inputs message that is bad", () => {
  const message = toBinary(
    LiteralMapSchema,
    create(LiteralMapSchema, { literals: { a: fromPlain(text("first")), b: fromPlain(text("second")) } }),
  );
  /** `depth` lists in one another, as bytes that no library would write. */
  const nested = (depth: number): Uint8Array => {
    let literal: Uint8Array = Buffer.alloc(0);
    for (let level = 0; level < depth; level += 1) {
      const inner = Buffer.concat([Buffer.of(0x0a), varint(literal.byteLength), literal]);
      literal = Buffer.concat([Buffer.of(0x12), varint(inner.byteLength), inner]);
    }
    const entry = Buffer.concat([Buffer.from("\x0a\x01d\x12", "latin1"), varint(literal.byteLength), literal]);
    return Buffer.concat([Buffer.of(0x0a), varint(entry.byteLength), entry]);
  };

  it.each<{ name: string; bytes: Uint8Array; says: RegExp }>([
    { name: "cut in the middle", bytes: message.subarray(0, message.byteLength - 3), says: /decode .*inputs\.pb/ },
    { name: "no message at all", bytes: Buffer.from("<html>not found</html>"), says: /decode .*inputs\.pb/ },
    { name: "nested ten thousand deep", bytes: nested(10_000), says: /decode .*inputs\.pb.*deep/ },
    { name: "a name that is not UTF-8", bytes: Buffer.from("\x0a\x05\x0a\x01\xff\x12\x00", "latin1"), says: /UTF-8/ },
  ])("$name is reported, on stderr's last line too, and nothing is staged", async ({ bytes, says }) => {
    await inFolder(async (folder) => {
      const remote = path.join(folder, "inputs.pb");
      await writeFile(remote, bytes);
      const { status, stderr, local, output } = await stageFrom(folder, remote);
      expect(status).toBe(0);
      expect(await readError(output)).toMatchObject({
        code: "InputDownloadFailed",
        message: expect.stringMatching(says) as string,
        recoverable: true,
      });
      expect(lastLine(stderr)).toMatch(says);
      expect(await readTree(local)).toEqual({});
    });
  });

  it("with thousands of variables is staged in a small heap", async () => {
    await inFolder(async (folder) => {
      const inputs = Object.fromEntries(
        Array.from({ length: 2000 }, (_, index): [string, PlainLiteral] => [
          `v${index}`,
          { kind: "integer", value: BigInt(index) },
        ]),
      );
      const literals = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, fromPlain(value)]));
      const remote = path.join(folder, "inputs.pb");
      await writeFile(remote, toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals })));
      const words = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "-o", `${folder}/in`];
      const { status } = await run(["download", ...words], { env: { NODE_OPTIONS: "--max-old-space-size=24" } });
      expect(status).toBe(0);
      expect(await readError(`${folder}/out`)).toBeUndefined();
      expect((await readdir(`${folder}/in`)).length).toBe(2002);
    });
  });

  it("of which every variable is bad names them in one bounded message, beginning and end", async () => {
    await inFolder(async (folder) => {
      const names = Array.from({ length: 3000 }, (_, index) => `../v${index}`);
      const { output, stderr, local } = await stage(folder, Object.fromEntries(names.map((name) => [name, text("x")])));
      const report = await readError(output);
      expect(report).toMatchObject({ origin: "user" });
      expect(Buffer.byteLength(report?.message ?? "")).toBeLessThanOrEqual(16_384);
      expect(report?.message).toContain('"../v0"');
      expect(report?.message).toContain('"../v2999"');
      expect(Buffer.byteLength(lastLine(stderr))).toBeLessThan(2048);
      expect(await readTree(local)).toEqual({});
    });
  });

  it("of numbers without a form of their own and of the ends of time is staged whole", async () => {
    const at = (seconds: bigint): PlainLiteral => ({ kind: "datetime", value: { seconds, nanos: 0 } });
    const inputs = {
      nan: { kind: "float", value: Number.NaN } as const,
      late: at(253402300800n),
      last: at(8_640_000_000_000n),
      most: { kind: "duration", value: { seconds: 315_576_000_000n, nanos: 0 } } as const,
    };
    await staged(
      () => inputs,
      [],
      async ({ status, local, output }) => {
        expect(status).toBe(0);
        expect(await readError(output)).toBeUndefined();
        expect(await readTree(local)).toMatchObject({ nan: "NaN", late: "10000-01-01T00:00:00Z" });
      },
    );
  });
});

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

describe("outputs that are bad", () => {
  it("are all named at once, with what is wrong with each, as the user's and worth another attempt", async () => {
    const types = {
      missing: simple("STRING"),
      number: simple("INTEGER"),
      utf8: simple("STRING"),
      large: simple("STRING"),
      folder: blob(0),
      list: listOf(simple("INTEGER")),
      fine: simple("STRING"),
    };
    const files = {
      number: "seven",
      utf8: Uint8Array.of(0x61, 0xff),
      large: "x".repeat(1025),
      "folder/a": "1",
      "list/0": "1",
      "list/2": "3",
      fine: "1",
    };
    await published({ types, files }, async ({ status, stderr, output }) => {
      expect(status).toBe(0);
      const report = await readError(output);
      expect(report).toMatchObject({ code: "OutputUploadFailed", origin: "user", recoverable: true });
      for (const [name, why] of [
        ["missing", "no such file"],
        ["number", "not a"],
        ["utf8", "UTF-8"],
        ["large", "1025 bytes"],
        ["folder", "left a folder"],
        ["list", "element 1"],
      ] as const) {
        const said = new RegExp(`variable "${name}": [^;]*${why}`);
        expect(report?.message).toMatch(said);
        expect(lastLine(stderr)).toMatch(said);
      }
      expect(report?.message).not.toContain('"fine"');
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("an _ERROR of a hundred mebibytes is refused unread", async () => {
    await inFolder(async (folder) => {
      const { local } = places(folder);
      await mkdir(local, { recursive: true });
      await writeFile(path.join(local, "_ERROR"), "");
      await truncate(path.join(local, "_ERROR"), 100 * 1024 * 1024);
      const { status, output, stderr } = await publishIn(folder, { types: { x: simple("STRING") } });
      expect(status).toBe(0);
      expect(await readError(output)).toMatchObject({
        message: expect.stringContaining("too large, 104857600") as string,
        origin: "user",
      });
      expect(lastLine(stderr)).toContain("too large");
    });
  });
});

describe.skipIf(storeMissing)(`a store that turns bad ${storeHint}`, () => {
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

  /** Publishes the file `x` and the folder `d`; gives the report's folder. */
  async function publish(local: string): Promise<{ readonly output: string; readonly stderr: string }> {
    attempt += 1;
    const place = `bad/${attempt}`;
    const { stderr } = await run([
      ...flagMode({ pairs: store.pairs, container: store.bucket }),
      "sidecar",
      "--timeout=20s",
      `--to-raw-output=${store.uri(place)}/raw`,
      `--to-output-prefix=${store.uri(place)}`,
      `--from-local-dir=${local}`,
      `--interface=${outputsOf({ x: blob(0), d: blob(1) })}`,
      "--start-watcher-type=noop",
    ]);
    return { output: path.join(store.folder(), place), stderr };
  }

  it.each([
    { name: "credentials that end half-way", status: 400, code: "ExpiredToken", says: "credentials have ended" },
    { name: "clocks that differ", status: 403, code: "RequestTimeTooSkewed", says: "set the clock" },
  ])("$name: every variable is named, the system is at fault, and nothing is announced", async (given) => {
    await inFolder(async (local) => {
      await writeTree(local, { x: "1", "d/a": "2", "d/b": "3" });
      store.proxy.inject({
        when: ({ target }) => target.includes("/raw/"),
        effect: {
          kind: "answer",
          status: given.status,
          headers: { "content-type": "application/xml" },
          body: `<Error><Code>${given.code}</Code></Error>`,
        },
        times: Number.POSITIVE_INFINITY,
      });
      const { output, stderr } = await publish(local);
      const report = await readError(output);
      expect(report).toMatchObject({ code: "OutputUploadFailed", origin: "system", recoverable: true });
      for (const name of ["x", "d"]) {
        expect(report?.message).toMatch(new RegExp(`variable "${name}": .*${given.says}`));
        expect(lastLine(stderr)).toContain(`variable "${name}"`);
      }
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });

  it("a file that grows while it goes up is refused by name, and no part of it is an object", async () => {
    await inFolder(async (local) => {
      await writeTree(local, { x: Buffer.alloc(8_000_000, "x"), "d/a": "1" });
      const hold = async (): Promise<void> => await appendFile(path.join(local, "x"), "more");
      store.proxy.inject({
        when: ({ target }) => target.endsWith("/raw/x"),
        effect: { kind: "hold-request", afterBytes: 1_000_000, hold },
      });
      const { output } = await publish(local);
      expect(store.proxy.met).toBe(1);
      expect(await readError(output)).toMatchObject({
        message: expect.stringMatching(/variable "x": .*changed while it was uploaded/) as string,
        origin: "user",
      });
      expect(await readTree(path.join(output, "raw")).catch(() => ({}))).not.toHaveProperty("x");
      expect(await readTree(output)).not.toHaveProperty("outputs.pb");
    });
  });
});
