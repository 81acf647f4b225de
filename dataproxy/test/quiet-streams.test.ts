/** Log streams of tasks that say nothing, and of callers who want too many. */
import { create } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import type { DataproxyConfig } from "@flyte-dataplane/dataproxy";
import { LogContextSchema } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { DataProxyService, type TailLogsResponse } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { GetActionLogContextResponseSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { expect, onTestFinished, test, vi } from "vitest";
import { openDataproxy } from "./harness.ts";
import { action, runs } from "./recorded-actions.ts";

const pod = { namespace: "flyte", podName: "p", primaryContainerName: "main" };
const logContext = create(LogContextSchema, {
  primaryPodName: "p",
  pods: [{ ...pod, containers: [{ containerName: "main", process: {} }] }],
});
const asked = { actionId: action("a0"), attempt: 1 };

/** A task that writes one line and then nothing until it is let go. */
async function open(config: (defaults: DataproxyConfig) => DataproxyConfig) {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let reading = 0;
  const proxy = await openDataproxy({
    subjectHeader: "x-subject",
    config,
    logs: {
      async *read(_container, { signal }) {
        reading += 1;
        try {
          yield [{ text: "one\n" }];
          await Promise.race([finished, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
          yield [{ text: "two\n" }];
        } finally {
          reading -= 1;
        }
      },
    },
    runs: {
      getActionDetails: runs.getActionDetails,
      getActionLogContext: () => create(GetActionLogContextResponseSchema, { logContext, cluster: "local" }),
    },
  });
  onTestFinished(() => proxy.close());
  const client = createClient(DataProxyService, proxy.transport);
  const tail = (subject = "ann", signal?: AbortSignal) =>
    client.tailLogs(asked, { headers: { "x-subject": subject }, ...(signal && { signal }) })[Symbol.asyncIterator]();
  return { tail, finish, reading: () => reading };
}

async function firstLine(stream: AsyncIterator<TailLogsResponse>): Promise<string | undefined> {
  const step = await stream.next();
  return step.done === true ? undefined : step.value.logs[0]?.lines[0]?.message;
}

test("a silent stream is kept alive by empty messages and goes on with the next line [dataproxy B26]", async () => {
  const { tail, finish } = await open((defaults) => ({ ...defaults, logs: { ...defaults.logs, heartbeat: 10 } }));
  const stream = tail();
  const lines: string[] = [];
  let empty = 0;
  for (let step = await stream.next(); step.done !== true; step = await stream.next()) {
    const found = step.value.logs.flatMap((log) => log.lines.map(({ message }) => message));
    if (found.length === 0) empty += 1;
    lines.push(...found);
    if (empty === 3) finish();
  }
  expect(lines).toEqual(["one\n", "two\n"]);
  expect(empty).toBeGreaterThanOrEqual(3);
});

test("a stream without a line for too long ends with a code that callers try again on, heartbeats or not [dataproxy B26]", async () => {
  const { tail, reading } = await open((defaults) => ({
    ...defaults,
    logs: { ...defaults.logs, heartbeat: 20, idleTimeout: 200 },
  }));
  const stream = tail();
  let messages = 0;
  const whole = (async () => {
    for (let step = await stream.next(); step.done !== true; step = await stream.next()) messages += 1;
  })();
  await expect(whole).rejects.toMatchObject({ code: Code.Unavailable });
  expect(messages).toBeGreaterThan(1);
  await vi.waitFor(() => expect(reading()).toBe(0), { timeout: 20_000 });
});

test("a subject has no more streams open than its limit, whatever others have, and may open one for each that ends [dataproxy B26]", async () => {
  const { tail } = await open((defaults) => ({
    ...defaults,
    limits: { ...defaults.limits, subject: { ...defaults.limits.subject, streams: 2 } },
  }));
  const first = new AbortController();
  const streams = [tail("ann", first.signal), tail("ann"), tail("ben"), tail("ben")];
  for (const stream of streams) expect(await firstLine(stream)).toBe("one\n");
  await expect(tail("ann").next()).rejects.toMatchObject({ code: Code.ResourceExhausted });
  first.abort();
  await vi.waitFor(async () => expect(await firstLine(tail("ann"))).toBe("one\n"), { timeout: 20_000 });
});
