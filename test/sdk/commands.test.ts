import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { describe, expect, test } from "vitest";
import { createdRun, flyte, flyteRun } from "./flyte-command.ts";
import { actionOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

/** Output of a command that must succeed. */
async function said(...words: readonly string[]): Promise<string> {
  const { code, output } = await flyte(words);
  expect(code, output).toBe(0);
  return output;
}

describe("commands", () => {
  test("run --follow shows the log from its first line and ends with the run", async () => {
    const output = await said("run", "--follow", "hello.py", "main2", "--x", "6");
    expect(output).toContain("calling once");
    expect(phaseName(phaseOf(await api.untilEnded(createdRun({ code: 0, output }))))).toBe("SUCCEEDED");
  });

  test("get shows a run, its actions, their inputs and outputs and their log", async () => {
    const run = await flyteRun("hello.py", "main2", { inputs: ["--x", "20"] });
    await api.untilEnded(run);
    expect(await said("--output-format", "json", "get", "run")).toContain(run.name);
    expect(await said("--output-format", "json", "get", "run", run.name)).toContain("SUCCEEDED");
    const actions = await said("--output-format", "json", "get", "action", run.name);
    for (const child of await api.children(run)) expect(actions).toContain(child.id?.name);
    expect(await said("get", "io", run.name, "a0")).toMatch(/20[\s\S]*45/);
    expect(await said("get", "logs", run.name, "a0")).toContain("calling once");
  });

  test("deploy registers tasks, which are listed and run by name", async () => {
    expect(await said("deploy", "hello.py", "env")).toContain("hello.main2");
    expect(await said("--output-format", "json", "get", "task")).toContain("hello.line");
    const code = 0;
    const run = createdRun({ code, output: await said("run", "deployed-task", "hello.main2", "--x", "9") });
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 23n });
  });

  test("whoami answers with the server's user", async () => {
    expect(await said("whoami")).toMatch(/local/);
  });

  test("create project makes one that is listed", async () => {
    await said("create", "project", "--id", "tango", "--name", "Tango");
    expect(await said("--output-format", "json", "get", "project")).toContain("tango");
  });

  test("abort run ends a running one", async () => {
    const run = await flyteRun("abort.py", "sleeper", { inputs: ["--n", "1"] });
    await api.until(actionOf(run, "a0"), (details) => phaseOf(details) === ActionPhase.RUNNING);
    await said("abort", "run", run.name, "--reason", "seen enough");
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root))).toBe("ABORTED");
    expect(root.result.case === "abortInfo" && root.result.value.reason).toContain("seen enough");
  });

  test("run in an unknown project says that it is unknown", async () => {
    const { code, output } = await flyte(["run", "--project", "nowhere", "hello.py", "main2"]);
    expect(code).not.toBe(0);
    expect(output).toContain("nowhere");
    expect(output).not.toContain("Traceback");
  });
});
