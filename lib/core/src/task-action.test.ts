import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataPlaneError } from "./errors.ts";
import { parseTaskAction } from "./parse-task-action.ts";
import { currentAttempt, findCondition, isTerminal } from "./task-action.ts";

const spec = { runName: "r1", project: "p", domain: "d", actionName: "a0" };

function anObject(changes: { spec?: object; status?: object } = {}): Record<string, unknown> {
  return {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: { name: "r1-a0", namespace: "flyte" },
    spec: { ...spec, ...changes.spec },
    ...(changes.status && { status: changes.status }),
  };
}

const condition = (type: string, status: string): object => ({
  type,
  status,
  reason: "Completed",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
});

describe("parseTaskAction", () => {
  test("an object is returned as it is, unknown fields included", () => {
    const object = anObject({
      spec: { future: 1 },
      status: { attempts: 2, timeoutAt: "x", conditions: [condition("Succeeded", "True")] },
    });
    expect(parseTaskAction(object)).toBe(object);
  });

  test.each([
    ["spec.runName: it is required", { runName: undefined }],
    ["spec.project: it is required", { project: undefined }],
    ["spec.domain: expected 1 to 63 characters, got 0", { domain: "" }],
    ["spec.actionName: expected text", { actionName: 7 }],
    ["spec.runName: expected 1 to 30 characters, got 31", { runName: "r".repeat(31) }],
    ["spec.actionType: expected one of", { actionType: "foo" }],
    ["spec.cacheKey: expected 0 to 256 characters, got 257", { cacheKey: "k".repeat(257) }],
    ["spec.taskTemplate: expected base64", { taskTemplate: "a b" }],
    ["spec.envVars: expected an object", { envVars: ["A=1"] }],
    ['spec.envVars["A"]: expected text', { envVars: { A: 1 } }],
    ["spec.interruptible: expected true or false", { interruptible: "yes" }],
  ])("%s", (message, changes) => {
    expect(() => parseTaskAction(anObject({ spec: changes }))).toThrow(`TaskAction ${message}`);
  });

  test.each([
    ["status.attempts: expected an integer from 0 to 4294967295", { attempts: -1 }],
    ["status.pluginStateVersion: expected an integer from 0 to 255", { pluginStateVersion: 256 }],
    ["status.conditions: expected a list", { conditions: {} }],
    ["status.conditions[0].type: it is required", { conditions: [{}] }],
    [
      "status.conditions[1].status: expected one of",
      { conditions: [condition("Failed", "False"), condition("Failed", "maybe")] },
    ],
    ["status.errorState: expected an object", { errorState: null }],
  ])("%s", (message, status) => {
    expect(() => parseTaskAction(anObject({ status }))).toThrow(`TaskAction ${message}`);
  });

  test("lengths are counted in characters, not in UTF-16 units", () => {
    expect(() => parseTaskAction(anObject({ spec: { runName: "\u{1f600}".repeat(30) } }))).not.toThrow();
    expect(() => parseTaskAction(anObject({ spec: { runName: "\u{1f600}".repeat(31) } }))).toThrow("got 31");
  });

  test("another kind or version is refused", () => {
    expect(() => parseTaskAction({ ...anObject(), kind: "Pod" })).toThrow('kind: expected "TaskAction"');
    expect(() => parseTaskAction({ ...anObject(), apiVersion: "flyte.org/v2" })).toThrow("apiVersion");
  });

  test("any value is accepted or refused as invalid_argument", () => {
    const objects = fc.anything().map((value) => ({ ...anObject(), spec: { ...spec, group: value }, status: value }));
    fc.assert(
      fc.property(fc.oneof(fc.anything(), objects), (value) => {
        try {
          parseTaskAction(value);
        } catch (error) {
          expect(error).toBeInstanceOf(DataPlaneError);
        }
      }),
    );
  });
});

describe("status of an action", () => {
  test("a new object is on its first attempt and not terminal", () => {
    const action = parseTaskAction(anObject());
    expect(currentAttempt(action)).toBe(1);
    expect(currentAttempt(parseTaskAction(anObject({ status: { attempts: 0 } })))).toBe(1);
    expect(isTerminal(action)).toBe(false);
  });

  test.each([
    ["Succeeded", "True", true],
    ["Failed", "True", true],
    ["Failed", "False", false],
    ["Progressing", "True", false],
  ])("condition %s=%s makes terminal %s", (type, status, terminal) => {
    const action = parseTaskAction(anObject({ status: { conditions: [condition(type, status)] } }));
    expect(isTerminal(action)).toBe(terminal);
    expect(findCondition(action, "Progressing") === undefined).toBe(type !== "Progressing");
  });
});
