/** Requests with defaults; a test names only what it is about. */
import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type ActionIdentifier,
  ActionIdentifierSchema,
  type RunIdentifier,
  RunIdentifierSchema,
} from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { type TaskSpec, TaskSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import { type ActionEvent, ActionEventSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { CreateRunRequestSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";

export const project = "flytesnacks";
export const domain = "development";
export const projectId = { name: project, domain };

export function runId(
  name: string,
  over: Partial<Pick<RunIdentifier, "org" | "project" | "domain">> = {},
): RunIdentifier {
  return create(RunIdentifierSchema, { project, domain, ...over, name });
}

export function actionId(run: string, name = "a0", over: Parameters<typeof runId>[1] = {}): ActionIdentifier {
  return create(ActionIdentifierSchema, { run: runId(run, over), name });
}

export function integer(value: number): Literal {
  return create(LiteralSchema, {
    value: {
      case: "scalar",
      value: { value: { case: "primitive", value: { value: { case: "integer", value: BigInt(value) } } } },
    },
  });
}

/** The fields of a message, not the message itself. */
type Plain<S extends DescMessage> = Exclude<MessageInitShape<S>, MessageShape<S>>;

/** `demo.add(x, y) -> o0`, as the reference's example deploys it. */
export function addTask(
  over: Plain<typeof TaskSpecSchema> & { readonly taskTemplate?: Plain<typeof TaskTemplateSchema> } = {},
): TaskSpec {
  const type = { type: { case: "simple" as const, value: SimpleType.INTEGER } };
  return create(TaskSpecSchema, {
    shortName: "add",
    environment: { name: "demo" },
    ...over,
    taskTemplate: {
      id: { resourceType: 1, project, domain, name: "demo.add", version: "v1" },
      type: "raw-container",
      interface: {
        inputs: {
          variables: [
            { key: "x", value: { type } },
            { key: "y", value: { type } },
          ],
        },
        outputs: { variables: [{ key: "o0", value: { type } }] },
      },
      ...over.taskTemplate,
    },
  });
}

export function createRequest(
  over: MessageInitShape<typeof CreateRunRequestSchema> = {},
): MessageInitShape<typeof CreateRunRequestSchema> {
  return {
    id: { case: "projectId", value: projectId },
    task: { case: "taskSpec", value: addTask() },
    inputWrapper: { case: "inputs", value: { literals: [{ name: "x", value: integer(1) }] } },
    ...over,
  };
}

export function named(name: string): { readonly case: "runId"; readonly value: RunIdentifier } {
  return { case: "runId", value: runId(name) };
}

/** Milliseconds on a day of the tests' own. */
export function at(ms: number) {
  return timestampFromDate(new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + ms));
}

export function event(
  run: string,
  phase: ActionPhase,
  over: MessageInitShape<typeof ActionEventSchema> = {},
): ActionEvent {
  return create(ActionEventSchema, {
    id: actionId(run),
    attempt: 1,
    updatedTime: at(1_000 * phase),
    ...over,
    phase,
  });
}

export { ActionPhase };
