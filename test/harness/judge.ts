import { Buffer } from "node:buffer";
import { canonical } from "./canonical.ts";
import type { ErrorExpectation, Expected, TextExpectation, TreeExpectation } from "./case.ts";
import type { Entry, Observation } from "./observation.ts";
import { logLine } from "./observe.ts";

/** What was seen and not expected, or expected and not seen, one line each; none for a run as predicted. */
export function judge(expected: Expected, seen: Observation): readonly string[] {
  const faults: string[] = [];
  if (seen.status !== expected.status) faults.push(`exit status ${seen.status}, expected ${expected.status}`);
  if (expected.local !== undefined) faults.push(...judgeTree("in", expected.local, seen.local));
  if (expected.remote !== undefined) faults.push(...judgeTree("store", expected.remote, seen.remote));
  faults.push(
    ...judgeText("stdout", expected.stdout, seen.stdout),
    ...judgeText("stderr", expected.stderr, seen.stderr.text),
    ...judgeText("stderr's last line", expected.lastLine, seen.stderr.lastLine),
  );
  for (const [request, times] of Object.entries(expected.requests ?? {})) {
    const seenTimes = seen.requests[request] ?? 0;
    if (seenTimes !== times) faults.push(`${request} came ${seenTimes} times, expected ${times}`);
  }
  faults.push(...seen.strays.map((name) => `${name}: written outside`));
  if (expected.waits === true && !seen.waited) faults.push("ended without waiting for its signal");
  if (expected.readable === true) faults.push(...judgeModes(seen));
  if (expected.logs !== undefined) faults.push(...judgeLogs(expected.logs, seen.stderr.text));
  return faults;
}

type Tree = Readonly<Record<string, Entry | null>>;

function judgeTree(what: string, { whole, entries, lacks = [] }: TreeExpectation, seen: Tree): readonly string[] {
  const faults: string[] = [];
  for (const [name, expected] of Object.entries(entries)) {
    const fault = judgeEntry(expected, seen[name]);
    if (fault !== undefined) faults.push(`${what}/${name}: ${fault}`);
  }
  for (const name of Object.keys(seen)) {
    if (whole && !(name in entries)) faults.push(`${what}/${name}: nothing expected, found ${shown(seen[name])}`);
    if (lacks.some((lack) => name === lack || name.startsWith(`${lack}/`)) && seen[name] !== null)
      faults.push(`${what}/${name}: must not be there`);
  }
  return faults;
}

function judgeEntry(expected: Entry | ErrorExpectation | null, seen: Entry | null | undefined): string | undefined {
  if (expected === null) return seen === null ? undefined : "expected to be gone";
  if (seen === undefined || seen === null) return seen === null ? "gone" : `missing, expected ${shown(expected)}`;
  if (expected.is === "error like") return judgeError(expected, seen);
  return JSON.stringify(canonical(expected)) === JSON.stringify(canonical(seen))
    ? undefined
    : `${shown(seen)}, expected ${shown(expected)}`;
}

function judgeError(expected: ErrorExpectation, seen: Entry): string | undefined {
  if (seen.is !== "error") return `${shown(seen)}, expected an error document`;
  const faults: string[] = [];
  for (const member of ["code", "kind", "origin"] as const) {
    if (expected[member] !== "any" && seen[member] !== expected[member])
      faults.push(`${member} ${seen[member]}, expected ${expected[member]}`);
  }
  const { message } = seen;
  for (const name of expected.names ?? []) {
    if (!message.includes(`"${name}"`) && !message.includes(`[${name}]`)) faults.push(`names no variable ${name}`);
  }
  for (const part of expected.says ?? [])
    if (!message.includes(part)) faults.push(`does not say ${part.slice(0, 200)}`);
  for (const part of expected.silent ?? []) if (message.includes(part)) faults.push(`says ${part}`);
  if (expected.mostBytes !== undefined && Buffer.byteLength(message) > expected.mostBytes)
    faults.push(`has ${Buffer.byteLength(message)} bytes, at most ${expected.mostBytes} expected`);
  return faults.length === 0 ? undefined : `${faults.join("; ")}; its message: ${message.slice(0, 500)}`;
}

function judgeText(what: string, expected: TextExpectation | undefined, seen: string): readonly string[] {
  const faults: string[] = [];
  for (const part of expected?.has ?? []) if (!seen.includes(part)) faults.push(`lacks ${JSON.stringify(part)}`);
  for (const part of expected?.lacks ?? []) if (seen.includes(part)) faults.push(`holds ${JSON.stringify(part)}`);
  if (expected?.matches !== undefined && !new RegExp(expected.matches, "s").test(seen))
    faults.push(`does not match ${expected.matches}`);
  return faults.map((fault) => `${what} ${fault}: ${JSON.stringify(seen.slice(0, 500))}`);
}

/** Files are readable, folders may be entered, by any user. */
function judgeModes({ modes }: Observation): readonly string[] {
  return Object.entries(modes)
    .filter(([, mode]) => (Number.parseInt(mode, 8) & 0o004) === 0)
    .map(([name, mode]) => `in/${name}: mode ${mode} keeps others out`);
}

function judgeLogs(expected: "json lines" | "nothing", stderr: string): readonly string[] {
  const lines = stderr.split("\n").filter((line) => line !== "");
  if (expected === "nothing") return lines.length === 0 ? [] : [`stderr: nothing expected, found ${lines[0]}`];
  if (lines.length === 0) return ["stderr: lines expected, found none"];
  return lines
    .filter((line) => !["level", "msg", "ts"].every((name) => logLine(line)?.names.includes(name)))
    .map((line) => `stderr: no line of the log: ${line.slice(0, 200)}`);
}

function shown(entry: unknown): string {
  const text = JSON.stringify(canonical(entry));
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
