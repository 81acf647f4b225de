import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { describe, expect, inject, test } from "vitest";
import { createdRun, flyte, flyteRun } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

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
    expect(output).toMatch(/runtime started[\s\S]*calling once[\s\S]*runtime completed/);
    expect(phaseName(phaseOf(await api.untilEnded(createdRun({ code: 0, output }))))).toBe("SUCCEEDED");
  });

  test("get shows a run, its actions, their inputs and outputs and their log", async () => {
    const run = await flyteRun("hello.py", "main2", { inputs: ["--x", "20"] });
    await api.untilEnded(run);
    expect(await said("--output-format", "json", "get", "run")).toContain(run.name);
    expect(await said("--output-format", "json", "get", "run", run.name)).toContain("SUCCEEDED");
    const actions = await said("--output-format", "json", "get", "action", run.name);
    for (const child of await api.children(run)) expect(actions).toContain(child.id?.name);
    expect(await said("get", "io", run.name)).toMatch(/'x': 20[\s\S]*o0=45/);
    const [child] = await api.children(run);
    expect(await said("get", "action", run.name, idOf(child).name)).toContain("hello.line");
    const inputs = await said("get", "io", run.name, idOf(child).name, "--inputs-only");
    expect(inputs).toContain("'x': 20");
    expect(inputs).not.toContain("o0=");
    expect(await said("get", "logs", run.name, "a0")).toContain("calling once");
    expect(await said("get", "logs", run.name, idOf(child).name)).toContain("line at 20");
  });

  test("get code lists what a run executed, and brings it back as it was", async () => {
    const run = await flyteRun("hello.py", "main2");
    expect(await said("get", "code", run.name)).toContain("hello.py");
    const folder = await mkdtemp(join(inject("sdkHome"), "code-"));
    await said("get", "code", run.name, "--dest", folder);
    const source = await readFile(new URL("./programs/hello.py", import.meta.url), "utf8");
    expect(await readFile(join(folder, "hello.py"), "utf8")).toBe(source);
    await api.untilEnded(run);
    await rm(folder, { recursive: true });
  });

  test("deploy registers tasks, which are listed and run by name", async () => {
    expect(await said("deploy", "hello.py", "env")).toContain("hello.main2");
    expect(await said("--output-format", "json", "get", "task")).toContain("hello.line");
    const versions = await said("--output-format", "json", "get", "task", "hello.main2");
    const version = /[0-9a-f]{32}/.exec(versions)?.[0] ?? "";
    expect(await said("get", "task", "hello.main2", version)).toMatch(/hello\.main2[\s\S]*python/);
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
    expect(await said("get", "project", "tango")).toMatch(/Tango[\s\S]*PROJECT_STATE_ACTIVE/);
  });

  test("abort run ends a running one", async () => {
    const run = await flyteRun("abort.py", "sleeper", { inputs: ["--n", "1"] });
    await api.until(actionOf(run, "a0"), (details) => phaseOf(details) === ActionPhase.RUNNING);
    await said("abort", "run", run.name, "--reason", "seen enough");
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root))).toBe("ABORTED");
    expect(root.result.case === "abortInfo" && root.result.value.reason).toContain("seen enough");
  });

  test("abort action ends one child, which its parent sees", async () => {
    const run = await flyteRun("abort.py", "sees_abort");
    await expect
      .poll(async () => (await api.children(run)).map((child) => phaseName(phaseOf(child))), { timeout: 60_000 })
      .toEqual(["RUNNING"]);
    const [child] = await api.children(run);
    await said("abort", "action", run.name, idOf(child).name, "--reason", "not this one");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: "ActionAbortedError" });
    const { result } = await api.details(idOf(child));
    expect(result.case === "abortInfo" && result.value.reason).toContain("not this one");
  });

  test("run in an unknown project says that it is unknown", async () => {
    const { code, output } = await flyte(["run", "--project", "nowhere", "hello.py", "main2"]);
    expect(code).not.toBe(0);
    expect(output).toContain("nowhere");
    expect(output).not.toContain("Traceback");
  });
});
