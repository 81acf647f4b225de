import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { damaged, integer, judge, oneOf, type Random } from "../test/random-input.ts";
import { DataPlaneError } from "./errors.ts";
import { parseTaskAction } from "./parse-task-action.ts";
import { currentAttempt, isTerminal } from "./task-action.ts";

const odd = [null, 0, -1, 1.5, 2 ** 40, "", "x", "r".repeat(31), "a b", true, [], {}, [null], { a: 1 }, [{}]] as const;

const condition = {
  type: "Failed",
  status: "True",
  reason: "X",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
};

function anObject(random: Random): Record<string, Record<string, unknown>> {
  const object: Record<string, Record<string, unknown>> = {
    metadata: { name: "r1-a0", labels: { a: "b" }, finalizers: ["f"] },
    spec: {
      runName: "r1",
      project: "p",
      domain: "d",
      actionName: "a0",
      taskTemplate: "AQI=",
      envVars: { A: "1" },
      interruptible: true,
    },
    status: {
      attempts: 1,
      conditions: [condition],
      phaseHistory: [{ phase: "X", occurredAt: "" }],
      errorState: { code: "X" },
    },
  };
  for (let i = integer(random, 4); i > 1; i -= 1) {
    const part = object[oneOf(random, ["metadata", "spec", "status"])] ?? {};
    const names = Object.keys(part);
    part[names[integer(random, names.length)] ?? "x"] = oneOf<unknown>(random, odd);
  }
  return object;
}

export const fuzzTarget: FuzzTarget = {
  name: "task-action",
  subject: "lib/core/src/parse-task-action.ts",
  generate: (random) => {
    const text = JSON.stringify({ apiVersion: "flyte.org/v1", kind: "TaskAction", ...anObject(random) });
    const bytes = new TextEncoder().encode(text);
    return integer(random, 3) === 0 ? damaged(random, bytes) : bytes;
  },
  run: (input) =>
    judge(
      () => {
        const object: unknown = JSON.parse(new TextDecoder().decode(input));
        const action = parseTaskAction(object);
        if (action !== object) throw new Error("a copy");
        isTerminal(action);
        if (currentAttempt(action) < 1) throw new Error("an attempt below 1");
      },
      (error) => error instanceof SyntaxError || (error instanceof DataPlaneError && error.code === "invalid_argument"),
    ),
};
