import { expect, test } from "vitest";
import { aPod, at, ended, prepared, type Runs, running, runsOf } from "../../../../test/local-cluster/pod-facts.ts";
import type { Container } from "../../pod-object.ts";
import { longestStartMs, startOverAtMs } from "./pod-start.ts";

const warmUps = { slow: 3_000 };
const slow: Container = { name: "main", args: ["slow", "--flag"] };
const quick: Container = { name: "main", command: ["quick"] };

test.each<{ name: string; container: Container; runs: Runs; overAtMs: number }>([
  { name: "has not started", container: quick, runs: {}, overAtMs: at(1) + longestStartMs },
  { name: "is being started", container: quick, runs: { main: prepared }, overAtMs: at(1) + longestStartMs },
  { name: "runs", container: quick, runs: { main: running }, overAtMs: at(0) },
  { name: "runs and takes its time to load", container: slow, runs: { main: running }, overAtMs: at(3) },
  { name: "ended while it loaded", container: slow, runs: { main: ended(1, 2) }, overAtMs: at(2) },
])("the start of a pod whose container $name is over at $overAtMs", ({ container, runs, overAtMs }) => {
  const pod = aPod({ containers: [container] });
  expect(startOverAtMs(pod, runsOf(runs), { admittedAtMs: at(1), warmUps })).toBe(overAtMs);
});

test("the start of a pod with several containers is over with the last of them", () => {
  const pod = aPod({ containers: [quick, { ...slow, name: "second" }] });
  const runs = runsOf({ main: running, second: running });
  expect(startOverAtMs(pod, runs, { admittedAtMs: at(0), warmUps })).toBe(at(3));
});
