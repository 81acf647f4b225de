import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { expect, onTestFinished, test } from "vitest";
import { openDataproxy } from "./harness.ts";
import { action, runs, text, uris } from "./recorded-actions.ts";

// The same over S3: stores/documents.ts.
test.each([
  { name: "on the local disk", store: {}, below: /^\/.*\/uploads\// },
  { name: "in memory", store: { store: { base: "mem://bucket/base" } }, below: /^mem:\/\/bucket\/base\/uploads\// },
])("inputs uploaded to a base $name are read back from it [dataproxy B27]", async ({ name, store, below }) => {
  const proxy = await openDataproxy({ runs, ...store });
  onTestFinished(() => proxy.close());
  const client = createClient(DataProxyService, proxy.transport);
  const inputs = create(InputsSchema, { literals: [{ name: "x", value: text(name) }] });
  const { offloadedInputData } = await client.uploadInputs({
    id: { case: "projectId", value: { name: "flytesnacks", domain: "development" } },
    task: { case: "taskSpec", value: { taskTemplate: {} } },
    inputs,
  });
  const folder = offloadedInputData?.uri ?? "";
  expect(folder).toMatch(below);
  uris.set("uploaded", { inputsUri: `${folder}/inputs.pb` });
  expect((await client.getActionData({ actionId: action("uploaded") })).inputs).toEqual(inputs);
});
