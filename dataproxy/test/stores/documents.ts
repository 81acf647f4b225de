/** The small documents that pass through the dataproxy itself, in an object store. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import { LogContextSchema } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema, OutputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { GetActionLogContextResponseSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { readObject, writeObject } from "@flyte-dataplane/storage";
import type { StoreServer } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "../harness.ts";
import { action, runs, text, uris } from "../recorded-actions.ts";
import { settingsFor } from "./signed-links.ts";

/** Declares the tests; `start` gives a fresh server. */
export function describeDocuments(start: () => Promise<StoreServer>): void {
  let server: StoreServer;
  let proxy: Harness;
  let base: string;
  let team: string;
  beforeAll(async () => {
    server = await start();
    base = `s3://${await server.createBucket()}/base`;
    team = `s3://${await server.createBucket()}/team`;
    proxy = await openDataproxy({
      runs: {
        ...runs,
        getActionLogContext: () =>
          create(GetActionLogContextResponseSchema, {
            logContext: create(LogContextSchema, {
              primaryPodName: "gone",
              pods: [{ podName: "gone", primaryContainerName: "main", containers: [{ containerName: "main" }] }],
            }),
          }),
      },
      logs: {
        // The Pod is deleted: only what was archived is left of it.
        async *read() {
          yield* [];
          throw new DataPlaneError("not_found", 'pod "gone": there is none');
        },
      },
      config: (defaults) => ({ ...defaults, allowedPrefixes: [team] }),
      store: { base, s3: settingsFor(server, server.endpoint) },
    });
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  const client = () => createClient(DataProxyService, proxy.transport);
  const upload = (baseDir = "") =>
    client().uploadInputs({
      id: { case: "runId", value: { org: "acme", project: "flytesnacks", domain: "development", name: "r1" } },
      task: { case: "taskSpec", value: { taskTemplate: {} } },
      inputs: { literals: [{ name: "x", value: text("1") }], context: [{ key: "k", value: "v" }] },
      baseDir,
    });

  describe("inputs of a run", () => {
    test("are stored whole below the folder that is answered [dataproxy 52]", async () => {
      const { offloadedInputData } = await upload();
      const uri = offloadedInputData?.uri ?? "";
      const folder = `${base}/uploads/acme/flytesnacks/development/offloaded-inputs/`;
      expect([uri.slice(0, folder.length), uri.endsWith("/inputs.pb")]).toEqual([folder, false]);
      const document = fromBinary(InputsSchema, await readObject(proxy.stores, `${uri}/inputs.pb`, { maxBytes: 1000 }));
      expect(document.literals.map(({ name }) => name)).toEqual(["x"]);
      expect(document.context).toMatchObject([{ key: "k", value: "v" }]);
    });

    test("are read back from the bucket that they were uploaded to [dataproxy B27]", async () => {
      const { offloadedInputData } = await upload();
      uris.set("s3-uploaded", { inputsUri: `${offloadedInputData?.uri ?? ""}/inputs.pb` });
      const { inputs } = await client().getActionData({ actionId: action("s3-uploaded") });
      expect(inputs?.literals).toEqual([expect.objectContaining({ name: "x", value: text("1") })]);
    });

    test("go below a base of the caller's, in another bucket, where that is allowed [dataproxy 58]", async () => {
      const { offloadedInputData } = await upload(`${team}/`);
      const uri = offloadedInputData?.uri ?? "";
      expect(uri.startsWith(`${team}/acme/flytesnacks/development/offloaded-inputs/`)).toBe(true);
      expect(await readObject(proxy.stores, `${uri}/inputs.pb`, { maxBytes: 1000 })).not.toHaveLength(0);
      await expect(upload(`${team}-2/`)).rejects.toMatchObject({ code: 7 });
      await expect(upload("s3://somebody-else/team")).rejects.toMatchObject({ code: 7 });
    });
  });

  describe("an action's data", () => {
    const place = (name: string): string => `${base}/r1/${name}`;
    const get = (name: string) => client().getActionData({ actionId: action(name) });

    test("are both documents and where they lie [dataproxy 69]", async () => {
      const inputs = create(InputsSchema, { literals: [{ name: "i", value: text("in") }] });
      const outputs = create(OutputsSchema, { literals: [{ name: "o", value: text("out") }] });
      const found = { inputsUri: `${place("s3-both")}/inputs.pb`, outputsUri: `${place("s3-both")}/outputs.pb` };
      await writeObject(proxy.stores, found.inputsUri, toBinary(InputsSchema, inputs));
      await writeObject(proxy.stores, found.outputsUri, toBinary(OutputsSchema, outputs));
      uris.set("s3-both", found);
      expect(await get("s3-both")).toMatchObject({ inputs, outputs, ...found });
    });

    test("are not found once a document is gone, and the message tells which [dataproxy 72]", async () => {
      uris.set("s3-gone", { inputsUri: `${place("gone")}/inputs.pb` });
      await expect(get("s3-gone")).rejects.toThrow(/not_found.*inputs/);
      uris.set("s3-gone", { outputsUri: `${place("gone")}/outputs.pb` });
      await expect(get("s3-gone")).rejects.toThrow(/not_found/);
      await expect(get("s3-gone")).rejects.not.toThrow(/inputs/);
    });
  });

  test("a log whose Pod is gone comes from the bucket [dataproxy B20]", async () => {
    const prefix = `s3://${base.split("/")[2] ?? ""}/xt/base/r1/a0/1`;
    await writeObject(proxy.stores, `${prefix}/logs/gone/main.0`, Buffer.from("one\ntwo\nthree"));
    uris.set("s3-logged", { outputsUri: `${prefix}/outputs.pb` });
    const lines: string[] = [];
    for await (const { logs } of client().tailLogs({ actionId: action("s3-logged"), attempt: 1 }))
      for (const batch of logs) lines.push(...batch.lines.map(({ message }) => message));
    expect(lines).toEqual(["one\n", "two\n", "three"]);
  });
}
