import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ErrorInfo_Kind } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

describe("raw containers", () => {
  let laptop: string;
  beforeAll(async () => {
    laptop = await mkdtemp(join(inject("sdkHome"), "laptop-"));
  });
  afterAll(() => rm(laptop, { recursive: true, force: true }));

  test("a program of the machine reads a text and a file and gives a number and a file [sdk 9]", async () => {
    const file = join(laptop, "fruits.txt");
    await writeFile(file, "red apple\npear\ngreen apple\n");
    const run = await flyteRun("container.py", "main", { inputs: ["--word", "apple", "--text", file] });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    const [child] = await api.children(run);
    const { inputs, outputs } = await api.values(idOf(child));
    expect(inputs["word"]).toBe("apple");
    expect(outputs["times"]).toBe(2n);
    expect(await readFile(String(outputs["lines"]), "utf8")).toBe("red apple\ngreen apple\n");
    expect((await api.values(actionOf(run, "a0"))).outputs["o0"]).toBe(2n);
  });

  test("what a program writes into _ERROR is the error that users see [sdk 9]", async () => {
    const run = await flyteRun("container.py", "refused");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("FAILED");
    const [child] = await api.children(run);
    const { result } = await api.details(idOf(child));
    expect(result.case === "errorInfo" && result.value.message).toContain("the word is not to my taste");
  });

  test("a program that the machine does not have is the user's error, at once and without a retry [sdk 9]", async () => {
    const run = await flyteRun("container.py", "toolless");
    expect(phaseName(phaseOf(await api.untilEnded(run)))).toBe("FAILED");
    const [child] = await api.children(run);
    const { result, attempts } = await api.details(idOf(child));
    expect(result.case === "errorInfo" && result.value.message).toMatch(/no-such-tool-anywhere.*no such program/);
    expect(result.case === "errorInfo" && result.value.kind).toBe(ErrorInfo_Kind.USER);
    expect(attempts).toHaveLength(1);
  });
});
