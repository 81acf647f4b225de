import { ErrorInfo_Kind } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { describe, expect, test } from "vitest";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

describe("retries", () => {
  test("a task that fails twice succeeds at its third attempt, and each attempt knows its number [sdk 5]", async () => {
    const run = await flyteRun("retries.py", "third_time_lucky");
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root))).toBe("SUCCEEDED");
    expect(root.status?.attempts).toBe(3);
    expect(root.attempts.map(({ attempt, phase }) => [attempt, phaseName(phase)])).toEqual([
      [1, "FAILED"],
      [2, "FAILED"],
      [3, "SUCCEEDED"],
    ]);
    for (const { errorInfo } of root.attempts.slice(0, 2)) {
      expect(errorInfo?.kind).toBe(ErrorInfo_Kind.USER);
      expect(errorInfo?.code).toBe("ValueError");
    }
    expect(root.attempts[2]?.errorInfo).toBeUndefined();
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 2n });
    for (const attempt of [1, 2, 3])
      expect(await api.log(actionOf(run, "a0"), attempt)).toContain(`attempt number ${attempt - 1}\n`);
  });

  test("one that always fails uses them up, and its parent learns the class of the error [sdk 5]", async () => {
    const run = await flyteRun("retries.py", "catches");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    const [child] = await api.children(run);
    const details = await api.details(idOf(child));
    expect(phaseName(phaseOf(details))).toBe("FAILED");
    expect(details.attempts).toHaveLength(3);
    expect(details.result.case).toBe("errorInfo");
    const caught = (await api.values(actionOf(run, "a0"))).outputs["o0"] as readonly string[];
    expect(["RuntimeUserError", "RetriesExhaustedError"]).toContain(caught[0]);
    expect(caught.slice(1)).toEqual(["KeyError", "user"]);
  });

  test("one that says it is hopeless gets a single attempt [sdk 5]", async () => {
    const run = await flyteRun("retries.py", "hopeless");
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root))).toBe("FAILED");
    expect(root.attempts).toHaveLength(1);
    expect(root.attempts[0]?.errorInfo?.code).toBe("NonRecoverableError");
    expect(root.result.case).toBe("errorInfo");
  });
});
