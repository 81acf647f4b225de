/** What the run service recorded of actions, as the tests say it; documents lie in the harness's folder. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { create } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import { ActionIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { ActionDetailsSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import {
  GetActionDataURIsResponseSchema,
  GetActionDetailsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";

const run = { org: "", project: "flytesnacks", domain: "development", name: "r1" };
export const action = (name: string) => create(ActionIdentifierSchema, { run, name });
export const text = (value: string) =>
  create(LiteralSchema, {
    value: {
      case: "scalar",
      value: { value: { case: "primitive", value: { value: { case: "stringValue", value } } } },
    },
  });
export const file = (uri: string) =>
  create(LiteralSchema, {
    value: { case: "scalar", value: { value: { case: "blob", value: { uri, metadata: { type: {} } } } } },
  });

export interface Recorded {
  readonly inputsUri?: string;
  readonly outputsUri?: string;
  readonly reportUri?: string;
  /** Of the task's container. */
  readonly args?: readonly string[];
}

/** What the run service recorded, by action name; filled by the tests. */
export const uris = new Map<string, Recorded>();

export async function store(path: string, bytes: Uint8Array): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

function recorded(name: string): Recorded {
  const found = uris.get(name);
  if (found === undefined) throw new DataPlaneError("not_found", `action "${name}": there is none`);
  return found;
}

export const runs = {
  getActionDataURIs: ({ actionId }: { actionId?: { name: string } | undefined }) => {
    const { inputsUri = "", outputsUri = "" } = recorded(actionId?.name ?? "");
    return create(GetActionDataURIsResponseSchema, { inputsUri, outputsUri });
  },
  getActionDetails: ({ actionId }: { actionId?: { name: string } | undefined }) => {
    const { outputsUri = "", reportUri = "", args = [] } = recorded(actionId?.name ?? "");
    return create(GetActionDetailsResponseSchema, {
      details: create(ActionDetailsSchema, {
        spec: { case: "task", value: { taskTemplate: { target: { case: "container", value: { args: [...args] } } } } },
        attempts: [{ attempt: 1, outputs: { outputUri: outputsUri, reportUri } }],
      }),
    });
  },
};
