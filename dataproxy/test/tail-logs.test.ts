import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { DataPlaneError, type Logger } from "@flyte-dataplane/core";
import type { LogEntry, LogReader, ReadLogOptions } from "@flyte-dataplane/dataproxy";
import { LogContextSchema } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { GetActionLogContextResponseSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "./harness.ts";
import { action, runs, store, uris } from "./recorded-actions.ts";

describe("log streams", () => {
  const asked: ReadLogOptions[] = [];
  let context = create(LogContextSchema);
  let lines: (options: ReadLogOptions) => AsyncIterable<readonly LogEntry[]> = async function* () {};
  const logs: LogReader = {
    async *read(container, options) {
      if (container.pod === "gone") throw new DataPlaneError("not_found", `pod "gone": there is none`);
      asked.push(options);
      yield* lines(options);
    },
  };
  const pod = (podName: string, started?: number) => ({
    namespace: "flyte",
    podName,
    primaryContainerName: "main",
    containers: [
      { containerName: "main", process: started === undefined ? {} : { containerStartTime: timestampFromMs(started) } },
    ],
  });
  const complaints: string[] = [];
  const complain = (_fields: object, message: string): void => void complaints.push(message);
  const logger: Logger = { debug: () => {}, info: () => {}, warn: complain, error: complain, child: () => logger };
  let proxy: Harness;
  beforeAll(async () => {
    proxy = await openDataproxy({
      logs,
      logger,
      runs: {
        getActionDetails: runs.getActionDetails,
        getActionLogContext: ({ attempt }) => {
          if (attempt !== 1) throw new DataPlaneError("not_found", "there is no such attempt");
          return create(GetActionLogContextResponseSchema, { logContext: context, cluster: "local" });
        },
      },
    });
  });
  afterAll(() => proxy.close());

  const tail = async (
    request: {
      attempt?: number;
      podSelector?: { case: "podName"; value: string } | { case: "allPods"; value: boolean };
    } = {},
  ) => {
    const batches = [];
    const client = createClient(DataProxyService, proxy.transport);
    for await (const batch of client.tailLogs({
      actionId: action("a0"),
      attempt: request.attempt ?? 1,
      ...(request.podSelector && { podSelector: request.podSelector }),
    })) {
      batches.push(...batch.logs);
    }
    return batches;
  };

  test("an attempt, pod or container that is not there is not found [dataproxy 77]", async () => {
    await expect(tail({ attempt: 2 })).rejects.toMatchObject({ code: 5 });
    context = create(LogContextSchema, { pods: [pod("p")] });
    await expect(tail()).rejects.toMatchObject({ code: 5 });
    context = create(LogContextSchema, { primaryPodName: "p", pods: [{ ...pod("p"), primaryContainerName: "other" }] });
    await expect(tail()).rejects.toMatchObject({ code: 5 });
    context = create(LogContextSchema, { primaryPodName: "gone", pods: [pod("gone")] });
    await expect(tail()).rejects.toMatchObject({ code: 5 });
  });

  test("a known start asks for everything since, an unknown one for the last thousand lines [dataproxy 80]", async () => {
    asked.length = 0;
    context = create(LogContextSchema, { primaryPodName: "p", pods: [pod("p", 5000)] });
    await tail();
    context = create(LogContextSchema, { primaryPodName: "p", pods: [pod("p")] });
    await tail();
    expect(asked.map(({ since, tailLines }) => ({ since, tailLines }))).toEqual([
      { since: 5000, tailLines: undefined },
      { since: undefined, tailLines: 1000 },
    ]);
  });

  test("no message carries more than a hundred lines and order is kept [dataproxy 82]", async () => {
    lines = async function* () {
      yield Array.from({ length: 250 }, (_, index) => ({ text: `${index}\n` }));
      yield [{ text: "last" }];
    };
    const batches = await tail();
    expect(batches.map((batch) => batch.lines.length)).toEqual([100, 100, 50, 1]);
    expect(batches.flatMap((batch) => batch.lines.map((line) => line.message.trim()))).toEqual([
      ...Array.from({ length: 250 }, (_, index) => `${index}`),
      "last",
    ]);
  });

  test("line terminators are kept [dataproxy 83]", async () => {
    lines = async function* () {
      yield [{ text: "unix\n" }, { text: "dos\r\n" }, { text: "cut" }];
    };
    expect((await tail())[0]?.lines.map((line) => line.message)).toEqual(["unix\n", "dos\r\n", "cut"]);
  });

  test("a client that leaves ends the reading within a second, and nobody complains [dataproxy 84]", async () => {
    context = create(LogContextSchema, { primaryPodName: "p", pods: [pod("p")] });
    complaints.length = 0;
    let ended = false;
    lines = async function* ({ signal }) {
      yield [{ text: "first\n" }];
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      ended = true;
    };
    const leaving = new AbortController();
    const client = createClient(DataProxyService, proxy.transport);
    const seen = async (): Promise<void> => {
      for await (const batch of client.tailLogs({ actionId: action("a0"), attempt: 1 }, { signal: leaving.signal })) {
        if (batch.logs.length > 0) leaving.abort();
      }
    };
    await expect(seen()).rejects.toMatchObject({ code: 1 });
    await expect.poll(() => ended, { timeout: 1000 }).toBe(true);
    // The stream before this one has wound up by the time another on the same server is through.
    lines = async function* () {};
    await tail();
    expect(complaints).toEqual([]);
  });

  test("one pod by name, or all of them with their containers named [dataproxy 88]", async () => {
    context = create(LogContextSchema, { primaryPodName: "p", pods: [pod("p"), pod("q"), pod("gone")] });
    lines = async function* () {
      yield [{ text: "line\n" }];
    };
    const named = await tail({ podSelector: { case: "podName", value: "q" } });
    expect(named.map((batch) => batch.container?.kubernetesPodName)).toEqual(["q"]);
    await expect(tail({ podSelector: { case: "podName", value: "r" } })).rejects.toMatchObject({ code: 5 });
    const all = await tail({ podSelector: { case: "allPods", value: true } });
    expect(new Set(all.map((batch) => batch.container?.kubernetesPodName))).toEqual(new Set(["p", "q"]));
    expect(all[0]?.container).toMatchObject({
      clusterName: "local",
      kubernetesNamespace: "flyte",
      kubernetesContainerName: "main",
    });
  });

  test("the log of a pod that is gone comes from its archive [dataproxy B20]", async () => {
    context = create(LogContextSchema, { primaryPodName: "gone", pods: [pod("gone")] });
    await store(join(proxy.base, "a0/1/logs/gone/main.0"), Buffer.from("one\ntwo\nthree"));
    uris.set("a0", { outputsUri: join(proxy.base, "a0/1/outputs.pb") });
    const batches = await tail();
    expect(batches.flatMap((batch) => batch.lines.map((line) => line.message))).toEqual(["one\n", "two\n", "three"]);
  });

  test("without a cluster the answer is unavailable [dataproxy 89]", async () => {
    const bare = await openDataproxy({
      runs: {
        getActionLogContext: () =>
          create(GetActionLogContextResponseSchema, {
            logContext: create(LogContextSchema, { primaryPodName: "p", pods: [pod("p")] }),
          }),
      },
    });
    const client = createClient(DataProxyService, bare.transport);
    const read = async (): Promise<void> => {
      for await (const _ of client.tailLogs({ actionId: action("a0"), attempt: 1 })) continue;
    };
    await expect(read()).rejects.toMatchObject({ code: 14 });
    await bare.close();
  });
});
