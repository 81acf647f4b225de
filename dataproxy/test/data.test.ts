import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import { type LogEntry, type LogReader, type ReadLogOptions } from "@flyte-dataplane/dataproxy";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { ActionIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { LogContextSchema } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { ArtifactType, DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema, OutputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { ActionDetailsSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import {
  GetActionDataURIsResponseSchema,
  GetActionDetailsResponseSchema,
  GetActionLogContextResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "./harness.ts";

const run = { org: "", project: "flytesnacks", domain: "development", name: "r1" };
const action = (name: string) => create(ActionIdentifierSchema, { run, name });
const text = (value: string) =>
  create(LiteralSchema, {
    value: {
      case: "scalar",
      value: { value: { case: "primitive", value: { value: { case: "stringValue", value } } } },
    },
  });
const file = (uri: string) =>
  create(LiteralSchema, {
    value: { case: "scalar", value: { value: { case: "blob", value: { uri, metadata: { type: {} } } } } },
  });

/** What the run service recorded, by action name; filled by the tests. */
const uris = new Map<string, { inputsUri?: string; outputsUri?: string; reportUri?: string }>();

async function store(path: string, bytes: Uint8Array): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

function recorded(name: string): { inputsUri?: string; outputsUri?: string; reportUri?: string } {
  const found = uris.get(name);
  if (found === undefined) throw new DataPlaneError("not_found", `action "${name}": there is none`);
  return found;
}

const runs = {
  getActionDataURIs: ({ actionId }: { actionId?: { name: string } | undefined }) => {
    const { inputsUri = "", outputsUri = "" } = recorded(actionId?.name ?? "");
    return create(GetActionDataURIsResponseSchema, { inputsUri, outputsUri });
  },
  getActionDetails: ({ actionId }: { actionId?: { name: string } | undefined }) => {
    const { outputsUri = "", reportUri = "" } = recorded(actionId?.name ?? "");
    return create(GetActionDetailsResponseSchema, {
      details: create(ActionDetailsSchema, {
        attempts: [{ attempt: 1, outputs: { outputUri: outputsUri, reportUri } }],
      }),
    });
  },
};

describe("action data", () => {
  let proxy: Harness;
  let tolerant: Harness;
  beforeAll(async () => {
    proxy = await openDataproxy({
      runs,
      config: (defaults) => ({ ...defaults, actionData: { maxBytes: 1000, tolerateMissing: false } }),
    });
    tolerant = await openDataproxy({
      runs,
      config: (defaults) => ({ ...defaults, actionData: { maxBytes: 1000, tolerateMissing: true } }),
    });
  });
  afterAll(async () => {
    await proxy.close();
    await tolerant.close();
  });
  const get = (name: string, harness: Harness = proxy) =>
    createClient(DataProxyService, harness.transport).getActionData({ actionId: action(name) });

  test("inputs, outputs and both locations are returned [dataproxy 69]", async () => {
    const inputs = create(InputsSchema, { literals: [{ name: "i", value: text("in") }] });
    const outputs = create(OutputsSchema, { literals: [{ name: "o", value: text("out") }] });
    const inputsUri = await store(join(proxy.base, "both/inputs.pb"), toBinary(InputsSchema, inputs));
    const outputsUri = await store(join(proxy.base, "both/outputs.pb"), toBinary(OutputsSchema, outputs));
    uris.set("both", { inputsUri, outputsUri });
    const answer = await get("both");
    expect(answer.inputs).toEqual(inputs);
    expect(answer.outputs).toEqual(outputs);
    expect([answer.inputsUri, answer.outputsUri]).toEqual([inputsUri, outputsUri]);
  });

  test("a running action has inputs and an empty outputs message [dataproxy 70]", async () => {
    uris.set("running", { inputsUri: await store(join(proxy.base, "running/inputs.pb"), new Uint8Array()) });
    const answer = await get("running");
    expect(answer.outputs).toEqual(create(OutputsSchema));
    expect(answer.outputsUri).toBe("");
  });

  test("the tolerant mode answers a missing document with an empty one [dataproxy 71]", async () => {
    uris.set("gone", {
      inputsUri: join(proxy.base, "gone/inputs.pb"),
      outputsUri: join(proxy.base, "gone/outputs.pb"),
    });
    expect(await get("gone", tolerant)).toMatchObject({
      inputsUri: "",
      outputsUri: "",
      inputs: create(InputsSchema),
      outputs: create(OutputsSchema),
    });
  });

  test("the strict mode says which document is missing by the word inputs [dataproxy 72]", async () => {
    const present = await store(join(proxy.base, "half/present.pb"), new Uint8Array());
    uris.set("no-inputs", { inputsUri: join(proxy.base, "half/inputs.pb"), outputsUri: present });
    uris.set("no-outputs", { inputsUri: present, outputsUri: join(proxy.base, "half/outputs.pb") });
    await expect(get("no-inputs")).rejects.toMatchObject({
      code: 5,
      rawMessage: expect.stringContaining("inputs") as string,
    });
    await expect(get("no-outputs")).rejects.toMatchObject({
      code: 5,
      rawMessage: expect.not.stringContaining("inputs") as string,
    });
  });

  test("an action that the run service does not know is not found [dataproxy 73]", async () => {
    await expect(get("nobody")).rejects.toMatchObject({ code: 5 });
  });

  test("a damaged document is internal and a large one a failed precondition [dataproxy 74,75]", async () => {
    uris.set("damaged", { inputsUri: await store(join(proxy.base, "damaged/inputs.pb"), Uint8Array.of(0x0a, 0xff)) });
    await expect(get("damaged")).rejects.toMatchObject({ code: 13 });
    uris.set("large", { inputsUri: await store(join(proxy.base, "large/inputs.pb"), new Uint8Array(1001)) });
    await expect(get("large")).rejects.toMatchObject({ code: 9 });
  });

  test("produced artifacts are returned as they were stored [dataproxy 76]", async () => {
    const bytes = Uint8Array.of(0x1a, 0x03, 0x0a, 0x01, 0x61);
    uris.set("artifacts", { outputsUri: await store(join(proxy.base, "artifacts/outputs.pb"), bytes) });
    const { outputs } = await get("artifacts");
    expect(toBinary(OutputsSchema, outputs ?? create(OutputsSchema))).toEqual(bytes);
  });

  test("every call with an empty message is refused and the server goes on", async () => {
    const client = createClient(DataProxyService, proxy.transport);
    await expect(client.getActionData({})).rejects.toMatchObject({ code: 3 });
    await expect(client.createUploadLocation({})).rejects.toMatchObject({ code: 3 });
    await expect(client.uploadInputs({})).rejects.toMatchObject({ code: 3 });
    await expect(client.createDownloadLink({})).rejects.toMatchObject({ code: 3 });
    await expect(createClient(DownloadService, proxy.transport).createDataLink({})).rejects.toMatchObject({ code: 3 });
    expect((await fetch(`${proxy.url}/healthz`)).status).toBe(200);
  });

  describe("links", () => {
    const link = (request: { name: string; attempt?: number; type?: ArtifactType }) =>
      createClient(DataProxyService, proxy.transport).createDownloadLink({
        artifactType: request.type ?? ArtifactType.REPORT,
        source: { case: "actionAttemptId", value: { actionId: action(request.name), attempt: request.attempt ?? 1 } },
      });

    test("only reports of attempts have links [dataproxy 63,64]", async () => {
      await expect(link({ name: "both", type: ArtifactType.UNSPECIFIED })).rejects.toMatchObject({ code: 3 });
      await expect(link({ name: "both", type: ArtifactType.CODE_BUNDLE })).rejects.toMatchObject({ code: 3 });
      const client = createClient(DataProxyService, proxy.transport);
      await expect(
        client.createDownloadLink({ artifactType: ArtifactType.REPORT, source: { case: "taskId", value: {} } }),
      ).rejects.toMatchObject({ code: 3 });
      await expect(client.createDownloadLink({ artifactType: ArtifactType.REPORT })).rejects.toMatchObject({ code: 3 });
    });

    test("an unknown action or attempt, no report and a report that is gone are not found [dataproxy 65]", async () => {
      uris.set("reported", { reportUri: join(proxy.base, "missing/report.html") });
      uris.set("plain", {});
      await expect(link({ name: "nobody" })).rejects.toMatchObject({ code: 5 });
      await expect(link({ name: "plain", attempt: 2 })).rejects.toMatchObject({ code: 5 });
      await expect(link({ name: "plain" })).rejects.toMatchObject({ code: 5 });
      await expect(link({ name: "reported" })).rejects.toMatchObject({ code: 5 });
    });

    test("the one link gives the report's bytes [dataproxy 66]", async () => {
      uris.set("report", {
        reportUri: await store(join(proxy.base, "report/report.html"), Buffer.from("<p>done</p>")),
      });
      const { preSignedUrls } = await link({ name: "report" });
      expect(preSignedUrls?.signedUrl).toHaveLength(1);
      const answer = await fetch(preSignedUrls?.signedUrl[0] ?? "");
      expect(await answer.text()).toBe("<p>done</p>");
    });

    test("a large file arrives as it lies in the store, also at a reader that is slow", async () => {
      const content = Buffer.allocUnsafe(9 * 1024 * 1024 + 7);
      for (let at = 0; at + 4 <= content.byteLength; at += 4) content.writeUInt32LE(at, at);
      uris.set("large-report", { reportUri: await store(join(proxy.base, "large/report.html"), content) });
      const { preSignedUrls } = await link({ name: "large-report" });
      const answer = await fetch(preSignedUrls?.signedUrl[0] ?? "");
      const parts: Buffer[] = [];
      for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
        parts.push(Buffer.from(part));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(Buffer.concat(parts).equals(content)).toBe(true);
    });

    test("a link that outlives the maximum is refused [dataproxy 67]", async () => {
      const client = createClient(DataProxyService, proxy.transport);
      const source = { case: "actionAttemptId" as const, value: { actionId: action("report"), attempt: 1 } };
      await expect(
        client.createDownloadLink({ artifactType: ArtifactType.REPORT, source, expiresIn: { seconds: 3601n } }),
      ).rejects.toMatchObject({ code: 3 });
    });

    test("a report outside the allowed storage is refused [dataproxy 68,B11]", async () => {
      uris.set("foreign", { reportUri: "/etc/hostname" });
      await expect(link({ name: "foreign" })).rejects.toMatchObject({ code: 7 });
    });

    test("a single output file has a link, a missing or other output has none", async () => {
      const output = await store(join(proxy.base, "data/out.bin"), Buffer.from("bytes"));
      const outputs = create(OutputsSchema, {
        literals: [
          { name: "file", value: file(output) },
          { name: "text", value: text("x") },
          { name: "foreign", value: file("/etc/hostname") },
        ],
      });
      uris.set("data", {
        outputsUri: await store(join(proxy.base, "data/outputs.pb"), toBinary(OutputsSchema, outputs)),
      });
      const client = createClient(DownloadService, proxy.transport);
      const ask = (value: string) =>
        client.createDataLink({
          actionAttemptId: { actionId: action("data"), attempt: 1 },
          variable: { case: "output", value },
        });
      const signed = await ask("file");
      expect(signed.nativeUrl).toBe(output);
      expect(await (await fetch(signed.signedUrl)).text()).toBe("bytes");
      await expect(ask("text")).rejects.toMatchObject({ code: 3 });
      await expect(ask("absent")).rejects.toMatchObject({ code: 5 });
      await expect(ask("foreign")).rejects.toMatchObject({ code: 7 });
    });
  });
});

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
  let proxy: Harness;
  beforeAll(async () => {
    proxy = await openDataproxy({
      logs,
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

  test("a client that leaves ends the reading within a second [dataproxy 84]", async () => {
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
