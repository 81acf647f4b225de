import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();

describe("files and directories", () => {
  let laptop: string;
  beforeAll(async () => {
    laptop = await mkdtemp(join(inject("sdkHome"), "laptop-"));
  });
  afterAll(() => rm(laptop, { recursive: true, force: true }));

  test("a file of the laptop goes through one task into another, with a name beyond ASCII [sdk 7]", async () => {
    const file = join(laptop, "maß.txt");
    await writeFile(file, "straße und 👋\n");
    const run = await flyteRun("files.py", "through", { inputs: ["--source", file] });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    const { inputs, outputs } = await api.values(actionOf(run, "a0"));
    expect(outputs).toEqual({ o0: "STRASSE UND 👋\n" });
    expect(inputs["source"]).toMatch(/^\/.*maß\.txt$/);
    const [first] = await api.children(run);
    const between = (await api.values(idOf(first))).outputs["o0"];
    expect(between).toMatch(/^\/.*größer\.txt$/);
    expect(await readFile(String(between), "utf8")).toBe("STRASSE UND 👋\n");
  });

  test("a flat directory of the laptop arrives whole [sdk 7]", async () => {
    const folder = join(laptop, "flat");
    await mkdir(folder);
    await writeFile(join(folder, "eins.txt"), "1");
    await writeFile(join(folder, "zwölf.txt"), "12");
    const run = await flyteRun("files.py", "names", { inputs: ["--source", folder] });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    const { inputs, outputs } = await api.values(actionOf(run, "a0"));
    expect(outputs).toEqual({ o0: ["eins.txt=1", "zwölf.txt=12"] });
    expect(inputs["source"]).toMatch(/^\//);
  });

  test("a tree made in a task is the same tree in the next, and still there afterwards [sdk 7]", async () => {
    const run = await flyteRun("files.py", "grown");
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    const names = ["a.txt", "sub/b.txt", "sub/deeper/ç.txt"];
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({
      o0: names.map((name) => `${name}=content of ${name}`),
    });
    const [first] = await api.children(run);
    const uri = String((await api.values(idOf(first))).outputs["o0"]);
    expect(uri).toMatch(/^\//);
    const entries = await readdir(uri, { recursive: true, withFileTypes: true });
    expect(entries.filter((entry) => entry.isFile())).toHaveLength(3);
  });
});
