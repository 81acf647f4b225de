import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enqueuedFor } from "./created-run.ts";
import { type Harness, startApi } from "./harness.ts";
import { addTask, at, createRequest, integer, named } from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe("the cache key", () => {
  const metadata = { discoverable: true, discoveryVersion: "v1" };
  const literals = [
    { name: "x", value: integer(1) },
    { name: "y", value: integer(2) },
  ];
  let count = 0;

  async function keyOf(over: Parameters<typeof createRequest>[0]) {
    count += 1;
    const run = `key-${count}`;
    await api.runs.createRun(createRequest({ ...over, id: named(run) }));
    const { action } = await enqueuedFor(api, run);
    return action.spec.case === "task" ? action.spec.value.cacheKey : undefined;
  }

  const cached = (over: object = {}) => ({
    case: "taskSpec" as const,
    value: addTask({ taskTemplate: { metadata: { ...metadata, ...over } } }),
  });
  const inline = (more: object = {}) => ({ case: "inputs" as const, value: { literals, ...more } });

  test("of inline inputs is the golden one, whatever the context and ignored inputs say [runs 25]", async () => {
    const golden = "qyXdZKridhJwoERLvp92oyIIIfyeZD5NlJ0sO5QxV74=";
    expect(await keyOf({ task: cached(), inputWrapper: inline() })).toBe(golden);
    const context = [{ key: "a", value: "b" }];
    expect(await keyOf({ task: cached(), inputWrapper: inline({ context }) })).toBe(golden);
    const extra = { literals: [...literals, { name: "seed", value: integer(3) }] };
    const ignoring = cached({ cacheIgnoreInputVars: ["seed"] });
    expect(await keyOf({ task: ignoring, inputWrapper: inline(extra) })).toBe(golden);
    expect(await keyOf({ task: cached(), inputWrapper: inline(extra) })).not.toBe(golden);
    expect(await keyOf({ task: cached({ discoveryVersion: "v2" }), inputWrapper: inline() })).not.toBe(golden);
    const other = addTask({ taskTemplate: { metadata, interface: {} } });
    expect(await keyOf({ task: { case: "taskSpec", value: other }, inputWrapper: inline() })).not.toBe(golden);
  });

  test("of offloaded inputs takes their hash as it is [runs 26]", async () => {
    const value = { uri: "mem://flyte-data/uploads/abc", inputsHash: "5QHZ4wzFXhk" };
    const key = await keyOf({ task: cached(), inputWrapper: { case: "offloadedInputData", value } });
    expect(key).toBe("DdKLfoE+SF2kybl3DIIFg70L34ao1u+cIzB4rjlURC0=");
  });
});

describe("the start time", () => {
  test.each([
    ["2.3.6", true],
    ["v2.4.0b3", true],
    ["3.0.0", true],
    ["2.3.5", false],
    ["", false],
    ["dev", false],
  ])("a run of version %j is stamped: %s [runs 27]", async (version, stamped) => {
    const task = {
      case: "taskSpec" as const,
      value: addTask({ taskTemplate: { metadata: { runtime: { version } } } }),
    };
    const { run } = await api.runs.createRun(createRequest({ task, runStartTime: at(7) }));
    const { details } = await api.runs.getRunDetails(run?.action?.id?.run ? { runId: run.action.id.run } : {});
    expect(details?.runSpec?.runStartTime).toEqual(stamped ? at(7) : undefined);
  });

  test("the run spec's own start time wins over the request's, that one over now [runs 27]", async () => {
    const task = {
      case: "taskSpec" as const,
      value: addTask({ taskTemplate: { metadata: { runtime: { version: "2.3.6" } } } }),
    };
    const runSpec = { runStartTime: at(1) };
    await api.runs.createRun(createRequest({ id: named("own-start"), task, runSpec, runStartTime: at(2) }));
    expect((await enqueuedFor(api, "own-start")).runSpec?.runStartTime).toEqual(at(1));
    const before = Date.now();
    await api.runs.createRun(createRequest({ id: named("now-start"), task }));
    const seconds = Number((await enqueuedFor(api, "now-start")).runSpec?.runStartTime?.seconds);
    expect(seconds * 1000).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
  });
});
