import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema, OutputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "./harness.ts";
import { action, runs, store, text, uris } from "./recorded-actions.ts";

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
    const inputs = create(InputsSchema, { literals: [{ name: "i", value: text("in") }] });
    const inputsUri = await store(join(proxy.base, "running/inputs.pb"), toBinary(InputsSchema, inputs));
    uris.set("running", { inputsUri });
    const answer = await get("running");
    expect(answer.inputs).toEqual(inputs);
    expect(answer.inputsUri).toBe(inputsUri);
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
});
