import type { TaskAction } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { expect, test } from "vitest";
import { actionPhase } from "./action-phase.ts";

const withCondition = (type?: string, reason = ""): TaskAction => ({
  apiVersion: "flyte.org/v1",
  kind: "TaskAction",
  metadata: { name: "r-a0" },
  spec: { runName: "r", project: "p", domain: "d", actionName: "a0" },
  ...(type === undefined
    ? {}
    : {
        status: {
          conditions: [{ type, status: "True", reason, message: "", lastTransitionTime: "2026-01-01T00:00:00Z" }],
        },
      }),
});

test.each([
  ["Failed", "TimedOut", ActionPhase.TIMED_OUT],
  ["Failed", "Aborted", ActionPhase.FAILED],
  ["Failed", "PermanentFailure", ActionPhase.FAILED],
  ["Succeeded", "Completed", ActionPhase.SUCCEEDED],
  ["Succeeded", "Signaled", ActionPhase.SUCCEEDED],
  ["Progressing", "Queued", ActionPhase.QUEUED],
  ["Progressing", "Initializing", ActionPhase.INITIALIZING],
  ["Progressing", "Executing", ActionPhase.RUNNING],
  ["Progressing", "Paused", ActionPhase.PAUSED],
  [undefined, "", ActionPhase.UNSPECIFIED],
] as const)("the condition %s for the reason %s is phase %d [controller 33]", (type, reason, phase) => {
  expect(actionPhase(withCondition(type, reason))).toBe(phase);
});
