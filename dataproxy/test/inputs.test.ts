import { readFile } from "node:fs/promises";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  DataProxyService,
  type UploadInputsRequestSchema,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { GetTaskDetailsResponseSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import { GetTriggerDetailsResponseSchema } from "@flyte-dataplane/proto/flyteidl2/trigger/trigger_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "./harness.ts";

describe("offloaded inputs", () => {
  let proxy: Harness;
  beforeAll(async () => {
    proxy = await openDataproxy({
      tasks: {
        getTaskDetails: () => {
          throw new Error("unplanned");
        },
      },
    });
  });
  afterAll(() => proxy.close());

  const client = () => createClient(DataProxyService, proxy.transport);
  const projectId = {
    case: "projectId" as const,
    value: { organization: "", name: "flytesnacks", domain: "development" },
  };
  const task = (cacheIgnoreInputVars: string[] = []) => ({
    case: "taskSpec" as const,
    value: { taskTemplate: { metadata: { cacheIgnoreInputVars } } },
  });
  const int = (value: bigint) => ({
    value: {
      case: "scalar" as const,
      value: { value: { case: "primitive" as const, value: { value: { case: "integer" as const, value } } } },
    },
  });
  const upload = async (
    literals: readonly { name: string; value: ReturnType<typeof int> }[],
    ignored: string[] = [],
    context: { key: string; value: string }[] = [],
  ) =>
    (await client().uploadInputs({ id: projectId, task: task(ignored), inputs: { literals: [...literals], context } }))
      .offloadedInputData;

  test("id and task must be given [dataproxy 49,50]", async () => {
    await expect(client().uploadInputs({ task: task() })).rejects.toMatchObject({ code: 3 });
    await expect(client().uploadInputs({ id: projectId })).rejects.toMatchObject({ code: 3 });
  });

  test("a run's id and a project's id of one scope give one folder [dataproxy 51,59]", async () => {
    const byProject = await upload([{ name: "x", value: int(1n) }]);
    const runId = {
      case: "runId" as const,
      value: { org: "", project: "flytesnacks", domain: "development", name: "r1" },
    };
    const byRun = await client().uploadInputs({
      id: runId,
      task: task(),
      inputs: { literals: [{ name: "x", value: int(1n) }] },
    });
    expect(byRun.offloadedInputData?.uri).toBe(byProject?.uri);
    expect(byProject?.uri.startsWith(`${proxy.base}/uploads/flytesnacks/development/offloaded-inputs/`)).toBe(true);
  });

  test("the folder holds the whole document, context included [dataproxy 52]", async () => {
    const stored = await upload(
      [
        { name: "x", value: int(1n) },
        { name: "y", value: int(2n) },
      ],
      ["y"],
      [{ key: "k", value: "v" }],
    );
    const document = fromBinary(InputsSchema, await readFile(`${stored?.uri}/inputs.pb`));
    expect(document.literals.map((literal) => literal.name)).toEqual(["x", "y"]);
    expect(document.context).toMatchObject([{ key: "k", value: "v" }]);
  });

  test("ignored variables leave the hash alone and others change it [dataproxy 54]", async () => {
    const one = await upload(
      [
        { name: "x", value: int(1n) },
        { name: "y", value: int(2n) },
      ],
      ["y"],
    );
    const two = await upload(
      [
        { name: "x", value: int(1n) },
        { name: "y", value: int(3n) },
      ],
      ["y"],
    );
    const three = await upload(
      [
        { name: "x", value: int(9n) },
        { name: "y", value: int(2n) },
      ],
      ["y"],
    );
    expect(two?.inputsHash).toBe(one?.inputsHash);
    expect(three?.inputsHash).not.toBe(one?.inputsHash);
  });

  test("context counts only where nothing is ignored [dataproxy 55]", async () => {
    const literals = [{ name: "x", value: int(1n) }];
    expect((await upload(literals))?.inputsHash).toBe("ImpW6TmERHA");
    expect((await upload(literals, [], [{ key: "k", value: "v" }]))?.inputsHash).toBe("ltuV7rScu78");
    expect((await upload(literals, ["z"], [{ key: "k", value: "v" }]))?.inputsHash).toBe("ImpW6TmERHA");
  });

  test("unknown fields of a literal are kept in the document [dataproxy 57]", async () => {
    const inputs = create(InputsSchema, { literals: [{ name: "x", value: int(1n) }] });
    const [literal] = inputs.literals;
    if (literal?.value === undefined) throw new Error("no literal");
    literal.value.$unknown = [{ no: 5000, wireType: 0, data: Uint8Array.of(7) }];
    const { offloadedInputData } = await client().uploadInputs({ id: projectId, task: task(), inputs });
    expect(Buffer.from(toBinary(InputsSchema, inputs))).toEqual(await readFile(`${offloadedInputData?.uri}/inputs.pb`));
  });

  test("a base directory outside the allowed storage is refused [dataproxy 58]", async () => {
    await expect(client().uploadInputs({ id: projectId, task: task(), baseDir: "/etc" })).rejects.toMatchObject({
      code: 7,
    });
    const inside = await client().uploadInputs({
      id: { ...projectId, value: { ...projectId.value, organization: "team" } },
      task: task(),
      baseDir: `${proxy.base}/mine/`,
    });
    expect(
      inside.offloadedInputData?.uri.startsWith(`${proxy.base}/mine/team/flytesnacks/development/offloaded-inputs/`),
    ).toBe(true);
  });

  test("inputs that differ only in ignored variables do not share a document [dataproxy 62]", async () => {
    const one = await upload(
      [
        { name: "x", value: int(1n) },
        { name: "y", value: int(2n) },
      ],
      ["y"],
    );
    const two = await upload(
      [
        { name: "x", value: int(1n) },
        { name: "y", value: int(3n) },
      ],
      ["y"],
    );
    expect(two?.uri).not.toBe(one?.uri);
  });
});

describe("the task whose inputs are uploaded", () => {
  const scope = { organization: "", name: "flytesnacks", domain: "development" };
  const upload = (proxy: Harness, task: MessageInitShape<typeof UploadInputsRequestSchema>["task"]) =>
    createClient(DataProxyService, proxy.transport).uploadInputs({
      id: { case: "projectId", value: scope },
      ...(task !== undefined && { task }),
      inputs: { context: [{ key: "k", value: "v" }] },
    });

  test("is looked up, and what the task service says of it is passed on [dataproxy 60]", async () => {
    const codes = { absent: "not_found", away: "unavailable" } as const;
    const proxy = await openDataproxy({
      tasks: {
        getTaskDetails: ({ taskId }) => {
          const code = taskId?.name === "absent" ? codes.absent : codes.away;
          throw new DataPlaneError(code, `get task "${taskId?.name ?? ""}": ${code}`);
        },
      },
    });
    try {
      const byName = (name: string) => upload(proxy, { case: "taskId", value: { name, version: "v1" } });
      await expect(byName("absent")).rejects.toMatchObject({ code: Code.NotFound });
      await expect(byName("other")).rejects.toMatchObject({ code: Code.Unavailable });
    } finally {
      await proxy.close();
    }
  });

  test("is the one that a trigger starts, in the version it is pinned to [dataproxy 61]", async () => {
    const asked: unknown[] = [];
    const proxy = await openDataproxy({
      triggers: {
        getTriggerDetails: ({ name }) => {
          asked.push([name?.project, name?.domain, name?.taskName, name?.name]);
          return create(GetTriggerDetailsResponseSchema, { trigger: { spec: { taskVersion: "v7" } } });
        },
      },
      tasks: {
        getTaskDetails: ({ taskId }) => {
          asked.push([taskId?.project, taskId?.domain, taskId?.name, taskId?.version]);
          return create(GetTaskDetailsResponseSchema, { details: { spec: { taskTemplate: {} } } });
        },
      },
    });
    try {
      const name = { project: "flytesnacks", domain: "development", taskName: "nightly", name: "at-two" };
      await upload(proxy, { case: "triggerName", value: name });
      expect(asked).toEqual([
        ["flytesnacks", "development", "nightly", "at-two"],
        ["flytesnacks", "development", "nightly", "v7"],
      ]);
    } finally {
      await proxy.close();
    }
  });
});
