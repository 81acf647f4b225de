import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, startApi, startDatabases } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { actionId, createRequest, named, projectId, runId } from "./messages.ts";
import { type OpenStream, openStream } from "./stream.ts";

const clock = manualClock();
let databases: Awaited<ReturnType<typeof startDatabases>>;
let api: Harness;
beforeAll(async () => {
  databases = await startDatabases();
  api = await startApi({ clock, loops: false, url: await databases.create() });
  await api.runs.createRun(createRequest({ id: named("idle") }));
});
afterAll(async () => {
  await api.close();
  await databases.close();
});

type Start = (signal: AbortSignal, on: Harness) => AsyncIterable<MessageShape<DescMessage>>;

const details: readonly (readonly [string, Start])[] = [
  ["WatchActionDetails", (signal, { runs }) => runs.watchActionDetails({ actionId: actionId("idle") }, { signal })],
  ["WatchRunDetails", (signal, { runs }) => runs.watchRunDetails({ runId: runId("idle") }, { signal })],
  [
    "WatchGroups",
    (signal, { runs }) =>
      runs.watchGroups(
        { scopeBy: { case: "projectId", value: projectId }, startDate: { seconds: 0n, nanos: 0 } },
        { signal },
      ),
  ],
];

const lists: readonly (readonly [string, Start])[] = [
  ["WatchActions", (signal, { runs }) => runs.watchActions({ runId: runId("idle") }, { signal })],
  ["WatchRuns", (signal, { runs }) => runs.watchRuns({ target: { case: "projectId", value: projectId } }, { signal })],
];

/** The next message, once `ms` have passed while the watch slept. */
async function after<T>(stream: OpenStream<T>, ms: number): Promise<T | undefined> {
  const end = clock.now() + ms;
  const reading = stream.next();
  while (clock.now() < end) await clock.toNextWake();
  return reading;
}

describe("an idle watch", () => {
  test.each(details)("of %s sends its last state again every thirty seconds [runs 145]", async (_name, start) => {
    const stream = openStream((signal) => start(signal, api));
    const first = await stream.next();
    for (const _ of [1, 2]) {
      const began = clock.now();
      expect(await after(stream, 30_000)).toEqual(first);
      expect(clock.now() - began).toBe(30_000);
    }
    await stream.close();
  });

  test.each(lists)("of %s sends an empty message every thirty seconds [runs 145]", async (_name, start) => {
    const stream = openStream((signal) => start(signal, api));
    await stream.next();
    const began = clock.now();
    const { $typeName: _type, ...fields } = (await after(stream, 30_000)) ?? { $typeName: "nothing" };
    expect(Object.values(fields)).toEqual([[]]);
    expect(clock.now() - began).toBe(30_000);
    await stream.close();
  });

  test("waits without a clock where that is switched off [runs 145]", async () => {
    const quietClock = manualClock();
    const quiet = await startApi({
      clock: quietClock,
      loops: false,
      url: await databases.create(),
      config: { watchKeepAliveMs: 0 },
    });
    await quiet.runs.createRun(createRequest({ id: named("idle") }));
    for (const [, start] of [...details, ...lists]) {
      const stream = openStream((signal) => start(signal, quiet));
      await stream.next();
      const next = stream.next().catch(() => undefined);
      await quiet.rows("SELECT 1");
      expect(quietClock.sleeping).toBe(0);
      await stream.close();
      await next;
    }
    await quiet.close();
  });
});
