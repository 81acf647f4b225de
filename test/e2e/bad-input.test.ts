/** Runs that must fail, or must not: what a person gets to read when a task or its inputs are wrong. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fromPlain, type PlainLiteral, toPlain } from "@flyte-dataplane/core";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTaskRunner, inputFolder, outputFolder, type TaskRunner } from "./raw-task.ts";
import { emptyHome, type Run, runMain } from "./server-process.ts";

let home: Awaited<ReturnType<typeof emptyHome>>;
let run: Run;
let tasks: TaskRunner;
beforeAll(async () => {
  home = await emptyHome();
  run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "error"], {
    HOME: home.path,
    TMPDIR: home.path,
  });
  tasks = createTaskRunner((await run.printed(/ready on (http:\/\/localhost:\d+)/))[1] ?? "");
});
afterAll(async () => {
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);
  expect(run.stderr()).toBe("");
  await home.remove();
});

describe("a task that cannot run", () => {
  test("of a type without plugin fails once, as the user's fault, and names the type", async () => {
    const ended = await tasks.run({ command: "true", type: "spark", retries: 2 });
    expect(ended).toMatchObject({ phase: "FAILED", kind: "USER", attempts: 1 });
    expect(ended.message).toMatch(/^task type "spark" needs a plugin that is not installed/);
  });

  test("whose command does not exist fails once, as the user's fault, and names the command", async () => {
    const ended = await tasks.run({ command: ["no-such-program-here"], retries: 2 });
    expect(ended).toMatchObject({ phase: "FAILED", kind: "USER", attempts: 1 });
    expect(ended.message).toContain('start "no-such-program-here": no such program on this machine');
    expect(ended.code).toBe("ContainerToolNotFound");
  });

  test("that exits 3 is tried as often as it may be, and the message names the exit code", async () => {
    const ended = await tasks.run({ command: "echo to no avail >&2; exit 3", retries: 1 });
    expect(ended).toMatchObject({ phase: "FAILED", kind: "USER", attempts: 2 });
    expect(ended.message).toMatch(/terminated with exit code \(3\)/);
    expect(ended.message).toContain("to no avail");
  });
});

// Each is given up only after several tries, with waits between: so all at once.
describe.concurrent("inputs", () => {
  const place = async (document: Uint8Array): Promise<string> => {
    const file = join(home.path, `inputs-${Math.random().toString(36).slice(2)}`, "inputs.pb");
    await mkdir(dirname(file));
    await writeFile(file, document);
    return file;
  };

  test.each([
    {
      name: "whose document is missing",
      uri: () => Promise.resolve(join(home.path, "nothing", "inputs.pb")),
      says: /get .*\/nothing\/inputs\.pb: no such object/,
    },
    {
      name: "whose document is cut off",
      uri: () => place(Uint8Array.of(0x0a, 0x20, 0x61)),
      says: /decode .*\/inputs\.pb as flyteidl2\.core\.LiteralMap: a length of 32 where 1 bytes remain at literals, offset 1/,
    },
    {
      name: "whose document holds text that is not UTF-8",
      uri: () => place(Uint8Array.of(0x0a, 0x04, 0x0a, 0x02, 0xff, 0xfe)),
      says: /decode .*: text that is not valid UTF-8 at literals/,
    },
    {
      name: "nested ten thousand deep",
      uri: () => place(nested(10_000)),
      says: /decode .*: nested deeper than 100 messages at /,
    },
  ])("$name are told by the downloader, with the place", async ({ uri, says }) => {
    const ended = await tasks.runOn({ command: "true", inputs: { a: SimpleType.STRING } }, await uri());
    expect(ended.phase).toBe("FAILED");
    expect(ended.message).toContain("InputDownloadFailed");
    expect(ended.message).toMatch(says);
  });

  test("with a file that is missing are told by its variable", async () => {
    const uri = join(home.path, "gone.bin");
    const gone = fromPlain({ kind: "blob", uri, format: "", multipart: false });
    const ended = await tasks.run({ command: "true", inputs: { photo: "file" } }, { photo: gone });
    expect(ended.phase).toBe("FAILED");
    expect(ended.message).toContain(`variable "photo": get ${uri}: no such object`);
  });
});

describe("outputs", () => {
  test.each([
    { name: "that are missing", command: "true", says: /variable "answer": find output "answer" in .*no such file/ },
    {
      name: "that are no number",
      command: `printf 12x > ${outputFolder}/answer`,
      says: /variable "answer": "12x" is not an integer/,
    },
    {
      name: "one beyond 64 bits",
      command: `printf 9223372036854775808 > ${outputFolder}/answer`,
      says: /variable "answer": "9223372036854775808" is not an integer: it is beyond 64 bits/,
    },
    {
      name: "too large for a simple value",
      command: `head -c 1025 /dev/zero > ${outputFolder}/answer`,
      says: /variable "answer": .* it has 1025 bytes, more than the 1024 allowed/,
    },
    {
      name: "that are a folder",
      command: `mkdir ${outputFolder}/answer`,
      says: /variable "answer": .*a simple value is a file, not a folder/,
    },
  ])("$name fail the run as the user's fault, which names the variable", async ({ command, says }) => {
    const ended = await tasks.run({ command, outputs: { answer: SimpleType.INTEGER } });
    expect(ended).toMatchObject({ phase: "FAILED", kind: "USER", attempts: 1 });
    expect(ended.message).toMatch(says);
  });
});

/** Every value here must come back as it went: through the document, copilot's text files and back. */
const extremes: Readonly<Record<string, { readonly type: SimpleType; readonly value: PlainLiteral }>> = {
  least: { type: SimpleType.INTEGER, value: { kind: "integer", value: -(2n ** 63n) } },
  most: { type: SimpleType.INTEGER, value: { kind: "integer", value: 2n ** 63n - 1n } },
  nan: { type: SimpleType.FLOAT, value: { kind: "float", value: Number.NaN } },
  infinite: { type: SimpleType.FLOAT, value: { kind: "float", value: Number.NEGATIVE_INFINITY } },
  tiny: { type: SimpleType.FLOAT, value: { kind: "float", value: Number.MIN_VALUE } },
  huge: { type: SimpleType.FLOAT, value: { kind: "float", value: Number.MAX_VALUE } },
  minus_zero: { type: SimpleType.FLOAT, value: { kind: "float", value: -0 } },
  first: { type: SimpleType.DATETIME, value: { kind: "datetime", value: { seconds: -62135596800n, nanos: 0 } } },
  last: { type: SimpleType.DATETIME, value: { kind: "datetime", value: { seconds: 253402300799n, nanos: 999999999 } } },
  longest: {
    type: SimpleType.DURATION,
    value: { kind: "duration", value: { seconds: 9223372036n, nanos: 854775807 } },
  },
  text: { type: SimpleType.STRING, value: { kind: "string", value: "\0\u2028\u{1f600}\r$(exit)" } },
};

describe("extreme values", () => {
  const types = Object.fromEntries(Object.entries(extremes).map(([name, { type }]) => [name, type]));
  const names = Object.keys(extremes);

  test("go through a task and come back exactly", async () => {
    const inputs = Object.fromEntries(Object.entries(extremes).map(([name, { value }]) => [name, fromPlain(value)]));
    const command = `for name in ${names.join(" ")}; do cp ${inputFolder}/$name ${outputFolder}/$name; done`;
    const ended = await tasks.run({ command, inputs: types, outputs: types }, inputs);
    expect(ended.phase, ended.message).toBe("SUCCEEDED");
    const { literals } = await tasks.outputs(ended);
    const back = Object.fromEntries(literals.map(({ name, value }) => [name, value && toPlain(value)]));
    expect(back).toEqual(Object.fromEntries(Object.entries(extremes).map(([name, { value }]) => [name, value])));
  });

  test("a year above 9999 reaches the task as text, and is refused as an output", async () => {
    const late = fromPlain({ kind: "datetime", value: { seconds: 253402300800n, nanos: 1 } });
    const command = `cp ${inputFolder}/late ${outputFolder}/late; cp ${inputFolder}/late ${outputFolder}/text`;
    const ended = await tasks.run(
      { command, inputs: { late: SimpleType.DATETIME }, outputs: { text: SimpleType.STRING } },
      { late },
    );
    expect(ended.phase, ended.message).toBe("SUCCEEDED");
    const [text] = (await tasks.outputs(ended)).literals;
    expect(text?.value && toPlain(text.value)).toEqual({ kind: "string", value: "10000-01-01T00:00:00.000000001Z" });
    const refused = await tasks.run(
      { command, inputs: { late: SimpleType.DATETIME }, outputs: { late: SimpleType.DATETIME } },
      { late },
    );
    expect(refused).toMatchObject({ phase: "FAILED", kind: "USER", attempts: 1 });
    expect(refused.message).toMatch(/variable "late": .* is not a datetime: it lies outside the years 1 to 9999/);
  });
});

/** A LiteralMap whose one literal holds collections in collections. */
function nested(depth: number): Uint8Array {
  let inner: Buffer = Buffer.alloc(0);
  const field = (number: number, bytes: Buffer): Buffer => {
    const length: number[] = [];
    let rest = bytes.length;
    for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
    return Buffer.concat([Buffer.from([number * 8 + 2, ...length, rest]), bytes]);
  };
  // Literal.collection is field 2, LiteralCollection.literals field 1.
  for (let level = 0; level < depth; level += 2) inner = field(2, field(1, inner));
  return field(1, Buffer.concat([field(1, Buffer.from("a")), field(2, inner)]));
}
