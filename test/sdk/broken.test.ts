import { readdir, readFile, rm } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { ProjectIdentifierSchema, type RunIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type { ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { ErrorInfo_Kind } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { describe, expect, test } from "vitest";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

interface Failure {
  readonly phase: string;
  readonly code: string;
  readonly kind: string;
  readonly message: string;
}

function failureOf(details: ActionDetails): Failure {
  const error = details.result.case === "errorInfo" ? details.result.value : undefined;
  return {
    phase: phaseName(phaseOf(details)),
    code: error?.code ?? "",
    kind: ErrorInfo_Kind[error?.kind ?? 0] ?? "",
    message: error?.message ?? "",
  };
}

async function outcome(file: string, task: string): Promise<Failure> {
  return failureOf(await api.untilEnded(await flyteRun(file, task)));
}

// All on one server, which goes on: the last test is a task like any other.
describe("a Python task", () => {
  test("whose module cannot be loaded fails as its author's fault, with the line that failed", async () => {
    const failure = await outcome("unimportable.py", "main");
    expect(failure).toMatchObject({ phase: "FAILED", kind: "USER", code: "ModuleNotFoundError" });
    expect(failure.message).toContain("a_module_that_nobody_has");
  });

  test("that ends with 1 and leaves no error behind fails with its exit code and last words", async () => {
    const failure = await outcome("broken.py", "leaves");
    expect(failure).toMatchObject({ phase: "FAILED", kind: "USER" });
    expect(failure.message).toContain("terminated with exit code (1)");
    expect(failure.message).toContain("leaving");
  });

  test("that ends well without its outputs fails, and says that they are missing", async () => {
    const failure = await outcome("broken.py", "vanishes");
    expect(failure).toMatchObject({ phase: "FAILED", kind: "USER" });
    expect(failure.message).toContain("without writing the outputs");
  });

  test("that is killed is told apart from one that fails, by its parent too", async () => {
    const run = await flyteRun("broken.py", "calls_the_dying");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: ["SIGKILL", "user"] });
    const [child] = await api.children(run);
    const failure = failureOf(await api.details(idOf(child)));
    expect(failure).toMatchObject({ phase: "FAILED", kind: "USER", code: "SIGKILL" });
    expect(failure.message).toContain("terminated with exit code (137)");
  });

  test("that prints bytes succeeds, and what follows them in its log is legible", async () => {
    const run = await flyteRun("broken.py", "prints_binary");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    expect(await api.log(actionOf(run, "a0"))).toContain("after the bytes\n");
  });

  test("that forks leaves no process behind", async () => {
    const run = await flyteRun("broken.py", "forks");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    expect(await processesOf(run)).toEqual([]);
  });

  test("whose code is gone says which file it could not get", async () => {
    const run = await flyteRun("bundled.py", "main");
    const { spec } = await api.untilEnded(run);
    if (spec.case !== "task") throw new Error("the run has no task");
    const { target } = spec.value.taskTemplate ?? {};
    const args = target?.case === "container" ? target.value.args : [];
    const bundle = args[args.indexOf("--tgz") + 1] ?? "";
    expect(bundle).toMatch(/^\/.*\.gz$/);
    await rm(bundle);

    const projectId = create(ProjectIdentifierSchema, { name: "flytesnacks", domain: "development" });
    const id = { case: "projectId", value: projectId } as const;
    const task = { case: "taskSpec", value: spec.value } as const;
    const { offloadedInputData } = await api.data.uploadInputs({ id, task, inputs: {} });
    if (offloadedInputData === undefined) throw new Error("the answer holds no inputs");
    const again = await api.runs.createRun({
      id,
      task,
      inputWrapper: { case: "offloadedInputData", value: offloadedInputData },
    });
    const action = again.run?.action?.id ?? actionOf(run, "none");
    const failure = failureOf(
      await api.until(action, (details) => (details.status?.endTime ?? undefined) !== undefined),
    );
    expect(failure.phase).toBe("FAILED");
    expect(failure.message).toContain(bundle);
  });

  test("runs on a server that has seen all these", async () => {
    const run = await flyteRun("hello.py", "line", { inputs: ["--x", "4"] });
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 13n });
  });
});

/** Processes that were started with the run's name in their environment. */
async function processesOf(run: RunIdentifier): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (environment.split("\0").includes(`RUN_NAME=${run.name}`)) found.push(pid);
  }
  return found;
}
