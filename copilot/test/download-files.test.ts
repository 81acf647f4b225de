import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fromPlain, type PlainLiteral } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { readError, readPlain, readTree, writeInputs, writeTree } from "./documents.ts";
import { dict, directory, file, integer, list, stage, staged, stageFrom, text } from "./download-run.ts";
import { inFolder, run, start } from "./program.ts";

const at = (seconds: bigint, nanos = 0): { seconds: bigint; nanos: number } => ({ seconds, nanos });

describe("files that describe all inputs", () => {
  it("JSON has durations in nanoseconds, datetimes as text, binaries in base64, files as paths [copilot 52]", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { a: "A" });
      const inputs = {
        d: { kind: "duration", value: at(90n, 500_000_000) },
        t: { kind: "datetime", value: at(0n, 1000) },
        b: { kind: "binary", bytes: Uint8Array.of(255, 254), tag: "" },
        f: file(`${folder}/data/a`),
      } as const;
      const { local } = await stage(folder, inputs);
      expect((await readTree(local))["inputs.json"]).toBe(
        `{"b":"//4=","d":90500000000,"f":"${local}/f","t":"1970-01-01T00:00:00.000001Z"}`,
      );
    });
  });

  it("JSON sorts keys by their bytes and keeps every kind of value apart", async () => {
    const inputs = {
      "\u{1F600}": integer(1n),
      "\uFFFD": text("\u2028<b>\u007f\n"),
      a10: { kind: "float", value: 1e21 },
      a2: { kind: "float", value: -0 },
      e: { kind: "error", message: "m", failedNodeId: "" },
      g: { kind: "struct", value: { z: 1e-7, a: [true, null] } },
    } satisfies Record<string, PlainLiteral>;
    await staged(
      () => inputs,
      [],
      async ({ local }) => {
        expect((await readTree(local))["inputs.json"]).toBe(
          '{"a10":1e+21,"a2":-0,"e":"m","g":{"a":[true,null],"z":1e-7},"\uFFFD":"\\u2028\\u003cb\\u003e\u007f\\n","\u{1F600}":1}',
        );
      },
    );
  });

  it("what JSON has no number for has a form and fails nothing [copilot B32]", async () => {
    const inputs = {
      nan: { kind: "float", value: Number.NaN },
      inf: { kind: "float", value: Number.NEGATIVE_INFINITY },
      far: { kind: "datetime", value: at(253402300800n) },
    } as const;
    for (const [format, name, expected] of [
      ["JSON", "inputs.json", '{"far":"10000-01-01T00:00:00Z","inf":"-Infinity","nan":"NaN"}'],
      ["YAML", "inputs.yaml", '"far": "10000-01-01T00:00:00Z"\n"inf": "-Infinity"\n"nan": "NaN"\n'],
    ] as const) {
      await staged(
        () => inputs,
        ["--format", format],
        async ({ status, local }) => {
          expect(status).toBe(0);
          expect((await readTree(local))[name]).toBe(expected);
        },
      );
    }
  });

  it.each(["JSON", "YAML", "PROTO"])(
    "inputs.pb is there with %s, and PROTO has no other list [copilot 51]",
    async (format) => {
      await staged(
        () => ({ x: text("y") }),
        ["--format", format],
        async ({ local }) => {
          const names = Object.keys(await readTree(local)).filter((name) => name.startsWith("inputs."));
          const expected = {
            JSON: ["inputs.json", "inputs.pb"],
            YAML: ["inputs.pb", "inputs.yaml"],
            PROTO: ["inputs.pb"],
          }[format];
          expect(names.sort()).toEqual(expected);
        },
      );
    },
  );

  it("none of them is written when a variable fails [copilot 55]", async () => {
    await staged(
      (folder) => ({ x: text("y"), gone: file(`${folder}/absent`) }),
      [],
      async ({ local }) => {
        expect(Object.keys(await readTree(local)).filter((name) => name.startsWith("inputs."))).toEqual([]);
      },
    );
  });
});

describe("what download leaves on the disk", () => {
  it("in mode DO_NOT_DOWNLOAD are values alone; files stay where they are, absent ones too [copilot B51]", async () => {
    const inputs = (folder: string): Record<string, PlainLiteral> => ({
      f: file(`${folder}/absent`),
      d: directory(`${folder}/d`),
      s: text("x"),
    });
    await staged(inputs, ["--download-mode", "DO_NOT_DOWNLOAD"], async ({ status, local }, folder) => {
      expect(status).toBe(0);
      const { "inputs.pb": message, ...tree } = await readTree(local);
      expect(message).toBeDefined();
      expect(tree).toEqual({
        s: "x",
        "inputs.json": JSON.stringify({ d: `${folder}/d`, f: `${folder}/absent`, s: "x" }),
      });
      expect(await readPlain(path.join(local, "inputs.pb"))).toEqual(inputs(folder));
    });
  });

  it("a download killed at any moment leaves no file that is not whole [copilot B18]", async () => {
    await inFolder(async (folder) => {
      const size = 60_000_000;
      await writeTree(path.join(folder, "data"), { large: new Uint8Array(size).fill(1) });
      const remote = await writeInputs(path.join(folder, "run"), { x: file(`${folder}/data/large`) });
      let seenPartial = 0;
      for (let round = 0; round < 6; round++) {
        const local = path.join(folder, `in-${round}`);
        const flags = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", local];
        const { child, ended } = start(["--storage.limits.maxDownloadMBs=0", "download", ...flags]);
        // The moments are spread over the transfer: from the first byte to some part of the file.
        while (child.exitCode === null && (await partialBytes(local)) <= (size / 8) * round) await pause(1);
        child.kill("SIGKILL");
        await ended;
        if ((await partialBytes(local)) > 0) seenPartial += 1;
        const complete = await stat(path.join(local, "x")).catch(() => undefined);
        expect(complete?.size ?? size).toBe(size);
      }
      expect(seenPartial).toBeGreaterThan(0);
    });
  });

  it("ended by SIGTERM reports nothing and leaves no partial file", async () => {
    await inFolder(async (folder) => {
      await writeTree(path.join(folder, "data"), { large: new Uint8Array(60_000_000) });
      const remote = await writeInputs(path.join(folder, "run"), { x: file(`${folder}/data/large`) });
      const local = path.join(folder, "in");
      const flags = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", local];
      const { child, ended } = start(["--storage.limits.maxDownloadMBs=0", "download", ...flags]);
      while (child.exitCode === null && (await partialBytes(local)) === 0) await pause(1);
      child.kill("SIGTERM");
      expect((await ended).status).toBe(143);
      expect(await readTree(local)).toEqual({});
      await expect(readTree(path.join(folder, "out"))).rejects.toThrow("ENOENT");
    });
  });

  it("the folder and those above it are made [copilot 26]", async () => {
    await staged(
      () => ({ x: text("y") }),
      [],
      async ({ local }) => {
        expect((await stat(local)).isDirectory()).toBe(true);
      },
    );
  });

  it("every user may read the files and enter the folders, whatever the umask [copilot 56]", async () => {
    const before = process.umask(0o077);
    try {
      await staged(
        () => ({ x: text("y"), l: list(dict({ k: text("z") })) }),
        [],
        async ({ local }) => {
          for (const name of [".", "l", "l/0"])
            expect((await stat(path.join(local, name))).mode & 0o005, name).toBe(0o005);
          for (const name of ["x", "l/0/k", "inputs.pb", "inputs.json"]) {
            expect((await stat(path.join(local, name))).mode & 0o004, name).toBe(0o004);
          }
        },
      );
    } finally {
      process.umask(before);
    }
  });

  it.each([
    { name: "a map key that climbs", inputs: { m: dict({ "../../escape": text("x") }) } },
    { name: "a map key of dots", inputs: { m: dict({ "..": text("x") }) } },
    { name: "a map key that is empty", inputs: { m: dict({ "": text("x") }) } },
    { name: "a variable that climbs", inputs: { "../escape": text("x") } },
    { name: "a variable with a slash", inputs: { "a/b": text("x") } },
  ])("$name is refused by name before any byte is written [copilot B38]", async ({ inputs }) => {
    await staged(
      () => ({ fine: text("x"), ...inputs }),
      [],
      async ({ local, output }, folder) => {
        const name = Object.keys(inputs)[0] ?? "";
        expect(await readError(output)).toMatchObject({
          message: expect.stringContaining(JSON.stringify(name)) as string,
          origin: "user",
        });
        expect(await readTree(local)).toEqual({});
        expect(Object.keys(await readTree(folder)).filter((file) => file.includes("escape"))).toEqual([]);
      },
    );
  });

  it.each(["inputs.pb", "inputs.json", "inputs.yaml", "outputs.pb", "error.pb", "errors.pb", "_ERROR"])(
    "a variable named %s is refused [copilot B40]",
    async (name) => {
      await staged(
        () => ({ [name]: text("x") }),
        [],
        async ({ local, output }) => {
          expect((await readError(output))?.message).toContain("reserved");
          expect(await readTree(local)).toEqual({});
        },
      );
    },
  );
});

/** Bytes of the files below `folder` that are not complete. */
async function partialBytes(folder: string): Promise<number> {
  const names: readonly string[] = await readdir(folder).catch(() => []);
  let bytes = 0;
  for (const name of names)
    if (name.startsWith(".partial-"))
      bytes += await stat(path.join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      );
  return bytes;
}

describe("a download that fails", () => {
  it("without an output prefix exits 1 and writes nothing [copilot 24]", async () => {
    await inFolder(async (folder) => {
      const remote = await writeInputs(path.join(folder, "run"), { x: text("y") });
      const { status } = await run(["download", "--from-remote", remote, "--to-local-dir", `${folder}/in`]);
      expect(status).toBe(1);
      expect(Object.keys(await readTree(folder))).toEqual(["run/inputs.pb"]);
    });
  });

  it.each([
    { name: "no local folder", flags: ["--to-local-dir", ""] },
    { name: "no inputs message", flags: ["--from-remote", ""] },
    { name: "an unknown format", flags: ["--format", "json"] },
    { name: "an unknown layout", flags: ["--file-input-layout", "FLAT"] },
    { name: "an unknown mode", flags: ["--download-mode", "LAZY"] },
  ])("with $name is reported and exits 0 [copilot 25]", async ({ flags }) => {
    await staged(
      () => ({ x: text("y") }),
      flags,
      async ({ status, output }) => {
        expect(status).toBe(0);
        expect(await readError(output)).toMatchObject({ code: "InputDownloadFailed" });
      },
    );
  });

  it("in mode DOWNLOAD_STREAM is refused, not ignored [copilot B51]", async () => {
    await staged(
      () => ({ x: text("y") }),
      ["--download-mode", "DOWNLOAD_STREAM"],
      async ({ output }) => {
        expect((await readError(output))?.message).toContain("DOWNLOAD_STREAM");
      },
    );
  });

  it("reports under the controller's name and its own [copilot B1]", async () => {
    await staged(
      (folder) => ({ gone: file(`${folder}/absent`) }),
      [],
      async ({ output }) => {
        const report = await readError(output);
        expect(report).toBeDefined();
        expect(await readError(output, "errors.pb")).toEqual(report);
      },
    );
  });

  it("reports under another name alone when asked [copilot 78]", async () => {
    await staged(
      (folder) => ({ gone: file(`${folder}/absent`) }),
      ["--err-output-name", "mine.pb"],
      async ({ output }) => {
        expect(Object.keys(await readTree(output))).toEqual(["mine.pb"]);
      },
    );
  });

  it("names each variable, three causes of a folder, and is bounded [copilot B7]", async () => {
    await inFolder(async (folder) => {
      const over = new Uint8Array(1024 * 1024 + 1);
      await writeTree(
        path.join(folder, "data"),
        Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`d/f${index}`, over])),
      );
      const inputs = { d: directory(`${folder}/data/d`), g1: file(`${folder}/1`), g2: file(`${folder}/2`) };
      const { output } = await stage(folder, inputs, ["--storage.limits.maxDownloadMBs=1"]);
      const message = (await readError(output))?.message ?? "";
      for (const name of ["d", "g1", "g2"]) expect(message).toContain(`"${name}"`);
      expect(new Set(message.match(/data\/d\/f\d/g)).size).toBe(3);
    });
    await inFolder(async (folder) => {
      const inputs = Object.fromEntries(
        Array.from({ length: 1000 }, (_, index) => [`v${index}`, file(`${folder}/absent/${index}`)]),
      );
      const { output } = await stage(folder, inputs);
      expect((await readError(output))?.message.length).toBeLessThanOrEqual(16_384);
    });
  });

  it("names every variable that failed", async () => {
    await staged(
      (folder) => ({ g1: file(`${folder}/1`), g2: file(`${folder}/2`), fine: text("x") }),
      [],
      async ({ output }) => {
        const message = (await readError(output))?.message ?? "";
        expect(message).toContain('"g1"');
        expect(message).toContain('"g2"');
        expect(message).not.toContain('"fine"');
      },
    );
  });

  it("exits 1 when the report cannot be written [copilot 58]", async () => {
    await inFolder(async (folder) => {
      await writeFile(path.join(folder, "blocked"), "a file where the prefix should be");
      const { status, stderr } = await run([
        "download",
        "--from-remote",
        `${folder}/absent`,
        "--to-output-prefix",
        `${folder}/blocked`,
        "-o",
        `${folder}/in`,
      ]);
      expect(status).toBe(1);
      expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Error: /);
    });
  });

  it("with strict exit ends with 1 and the cause as last line [copilot B3]", async () => {
    await staged(
      (folder) => ({ gone: file(`${folder}/absent`) }),
      ["--strict-exit"],
      async ({ status, stderr, output }) => {
        expect(status).toBe(1);
        expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Error: .*"gone".*absent/);
        expect(await readError(output)).toBeDefined();
      },
    );
  });

  it("removes what an earlier pod reported before it begins [copilot B2]", async () => {
    await inFolder(async (folder) => {
      const output = path.join(folder, "run", "a0", "1");
      await writeTree(output, { "error.pb": "stale", "errors.pb": "stale" });
      const { status } = await stage(folder, { x: text("y") });
      expect(status).toBe(0);
      expect(await readTree(output)).toEqual({});
    });
  });

  it.each([
    { name: "truncated", bytes: Uint8Array.of(10, 200, 1, 5) },
    { name: "of another kind", bytes: new TextEncoder().encode("not a message") },
  ])("on a message that is $name is reported, naming the message", async ({ bytes }) => {
    await inFolder(async (folder) => {
      await mkdir(path.join(folder, "run"));
      await writeFile(path.join(folder, "run", "inputs.pb"), bytes);
      const { status, output } = await stageFrom(folder, path.join(folder, "run", "inputs.pb"));
      expect(status).toBe(0);
      expect((await readError(output))?.message).toContain("inputs.pb");
    });
  });

  it("refuses an object of one byte more than the limit and takes one of just the limit [copilot 21]", async () => {
    await inFolder(async (folder) => {
      const mebibyte = new Uint8Array(1024 * 1024);
      await writeTree(path.join(folder, "data"), { fits: mebibyte, over: new Uint8Array([...mebibyte, 0]) });
      const limit = ["--storage.limits.maxDownloadMBs=1"];
      const { local } = await stage(folder, { x: file(`${folder}/data/fits`) }, limit);
      expect((await stat(path.join(local, "x"))).size).toBe(mebibyte.byteLength);
      const second = await stage(folder, { x: file(`${folder}/data/over`) }, limit);
      expect((await readError(second.output))?.message).toContain("maxDownloadMBs");
      const unlimited = await stage(folder, { x: file(`${folder}/data/over`) });
      expect((await stat(path.join(unlimited.local, "x"))).size).toBe(mebibyte.byteLength + 1);
    });
  });

  it("logs JSON lines to stderr, and none of info at level 2 [copilot 23]", async () => {
    await staged(
      () => ({ x: text("y") }),
      ["--logger.level=4"],
      async ({ stdout, stderr }) => {
        expect(stdout).toBe("");
        for (const line of stderr.trimEnd().split("\n")) {
          expect(JSON.parse(line)).toMatchObject({
            level: "info",
            msg: expect.any(String) as string,
            ts: expect.stringMatching(/Z$/) as string,
          });
        }
      },
    );
    await staged(
      () => ({ x: text("y") }),
      ["--logger.level=2"],
      async ({ stderr }) => {
        expect(stderr).toBe("");
      },
    );
  });

  it("a literal without value is never skipped", async () => {
    await staged(
      () => ({ hollow: { ...fromPlain(text("x")), value: { case: undefined } } }),
      [],
      async ({ output }) => {
        expect((await readError(output))?.message).toContain('"hollow"');
      },
    );
  });
});
