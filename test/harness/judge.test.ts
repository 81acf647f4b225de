import { describe, expect, it } from "vitest";
import type { Expected } from "./case.ts";
import { judge } from "./judge.ts";
import type { Observation } from "./observation.ts";

const seen: Observation = {
  status: 0,
  stdout: "",
  stderr: { lastLine: "Error: why", kinds: ["text"], text: '{"level":"info","msg":"m","ts":"t"}\nError: why\n' },
  local: { x: { is: "text", text: "7" }, d: { is: "folder" } },
  modes: { x: "644", d: "755" },
  remote: {
    "out/errors.pb": { is: "error", code: "C", message: 'variable "x": SECRET', kind: "RECOVERABLE", origin: "USER" },
    "out/old": null,
  },
  strays: [],
  waited: true,
  requests: { "PUT raw/x": 2 },
};

const error = { is: "error like", code: "C", kind: "RECOVERABLE", origin: "USER" } as const;

const right: Expected = {
  status: 0,
  local: { whole: true, entries: { x: { is: "text", text: "7" }, d: { is: "folder" } } },
  remote: { whole: true, entries: { "out/errors.pb": { ...error, names: ["x"] }, "out/old": null } },
  lastLine: { has: ["why"], matches: "^Error: " },
  requests: { "PUT raw/x": 2, "GET raw/x": 0 },
  waits: true,
  readable: true,
};

const local = (entries: NonNullable<Expected["local"]>["entries"], lacks: readonly string[] = []): Expected => ({
  ...right,
  local: { whole: false, entries, lacks },
});
const remote = (more: object): Expected => ({
  ...right,
  remote: { whole: false, entries: { "out/errors.pb": { ...error, ...more } } },
});

describe("a run", () => {
  it("that is as expected has no faults", () => {
    expect(judge(right, seen)).toEqual([]);
  });

  it.each<{ name: string; expected: Expected; says: string }>([
    { name: "another status", expected: { ...right, status: 1 }, says: "exit status 0, expected 1" },
    { name: "another text", expected: local({ x: { is: "text", text: "8" } }), says: "in/x" },
    { name: "a missing file", expected: local({ y: { is: "text", text: "7" } }), says: "in/y: missing" },
    { name: "a file that must not be there", expected: local({}, ["x"]), says: "in/x: must not be there" },
    { name: "a file too many", expected: { ...right, local: { whole: true, entries: {} } }, says: "nothing expected" },
    { name: "another code", expected: remote({ code: "D" }), says: "code C" },
    { name: "another kind", expected: remote({ kind: "NON_RECOVERABLE" }), says: "kind RECOVERABLE" },
    { name: "another origin", expected: remote({ origin: "SYSTEM" }), says: "origin USER" },
    { name: "a variable that is not named", expected: remote({ names: ["y"] }), says: "names no variable y" },
    { name: "a variable named as part of another", expected: remote({ names: ["SECRE"] }), says: "names no variable" },
    { name: "a text that is not said", expected: remote({ says: ["absent"] }), says: "does not say absent" },
    { name: "a secret", expected: remote({ silent: ["SECRET"] }), says: "says SECRET" },
    { name: "too long a message", expected: remote({ mostBytes: 5 }), says: "at most 5" },
    {
      name: "an object that is not gone",
      expected: { ...right, remote: { whole: false, entries: { "out/errors.pb": null } } },
      says: "expected to be gone",
    },
    { name: "another number of requests", expected: { ...right, requests: { "PUT raw/x": 1 } }, says: "2 times" },
    { name: "a request that must not come", expected: { ...right, requests: { "PUT raw/x": 0 } }, says: "expected 0" },
    { name: "another last line", expected: { ...right, lastLine: { matches: "^OK" } }, says: "last line" },
    { name: "a stream that holds too much", expected: { ...right, stderr: { lacks: ["why"] } }, says: "stderr holds" },
    { name: "a line that is none of the log", expected: { ...right, logs: "json lines" }, says: "no line of the log" },
    { name: "lines where none belong", expected: { ...right, logs: "nothing" }, says: "nothing expected" },
  ])("with $name is at fault", ({ expected, says }) => {
    expect(judge(expected, seen).join("\n")).toContain(says);
  });

  it("that wrote elsewhere is at fault", () => {
    expect(judge(right, { ...seen, strays: ["x"] })).toEqual(["x: written outside"]);
  });

  it("that did not wait is at fault", () => {
    expect(judge(right, { ...seen, waited: false })).toEqual(["ended without waiting for its signal"]);
  });

  it("whose files others cannot read is at fault", () => {
    expect(judge(right, { ...seen, modes: { x: "600" } })).toEqual(["in/x: mode 600 keeps others out"]);
  });
});
