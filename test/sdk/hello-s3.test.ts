import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CatalogCacheStatus } from "@flyte-dataplane/proto/flyteidl2/core/catalog";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type S3Store, startS3Store, storeProgram } from "../e2e/s3-store.ts";
import { emptyHome } from "../e2e/server-process.ts";
import { flyteRun, python } from "./flyte-command.ts";
import { actionOf, idOf, phaseName, phaseOf, type RunApi, runApi } from "./run-api.ts";
import { type SdkServer, startSdkServer } from "./sdk-server.ts";

const program = storeProgram();

describe.skipIf(program === undefined)("on S3, by versitygw, which `npm run tools -- --only versitygw` gets,", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let s3: S3Store;
  let server: SdkServer;
  let api: RunApi;
  beforeAll(async () => {
    home = await emptyHome();
    s3 = await startS3Store(program ?? "");
    server = await startSdkServer({ python: inject("sdkPython"), home: home.path, environment: s3.environment });
    api = runApi(server.url);
  });
  afterAll(async () => {
    const code = await server.stop();
    await s3.store.stop();
    await home.remove();
    const printed = server.run.stderr();
    expect(code, printed).toBe(0);
    expect(printed).not.toContain('"level":"error"');
  });

  /** A run that has succeeded. */
  async function ran(file: string, task: string, inputs: readonly string[] = []) {
    const run = await flyteRun(file, task, { endpoint: server.url, inputs });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    return run;
  }
  /** Every key below the place of an action's outputs. */
  async function keysBeside(run: Awaited<ReturnType<typeof ran>>): Promise<readonly string[]> {
    const { attempts } = await api.details(actionOf(run, "a0"));
    const uri = attempts[0]?.outputs?.outputUri ?? "";
    expect(uri).toMatch(new RegExp(`^s3://${s3.bucket}/[a-z0-9]{2}/deep/flytesnacks/development/${run.name}/a0/1/`));
    const prefix = uri.slice(`s3://${s3.bucket}/`.length, uri.lastIndexOf("/") + 1);
    const { text } = await s3.store.send("GET", `/${s3.bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`);
    return [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = ""]) => key.slice(prefix.length));
  }

  test("hello runs from its bundle to its outputs, its log is kept in the bucket, and its code comes back", async () => {
    const run = await ran("hello.py", "main2");
    expect(await api.values(actionOf(run, "a0"))).toEqual({ inputs: { x: 3n }, outputs: { o0: 11n } });
    const [child] = await api.children(run);
    expect((await api.log(idOf(child))).filter((line) => line === "line at 3\n")).toHaveLength(1);
    const pod = `${run.name}-a0-0`;
    const { code, output } = await python(["fetch_code.py", server.url, run.name, join(home.path, "code")]);
    expect(code, output).toBe(0);
    expect(await readFile(join(home.path, "code", "hello.py"), "utf8")).toContain("def main2(");
    await expect.poll(() => keysBeside(run), { timeout: 30_000 }).toEqual([`logs/${pod}/${pod}.0`, "outputs.pb"]);
  });

  test("the second call of a cached task is a hit and starts no process", async () => {
    const marks = join(home.path, "marks");
    await writeFile(marks, "");
    const statuses: string[] = [];
    for (let call = 0; call < 2; call += 1) {
      const run = await ran("cached.py", "square", ["--n", "7", "--marks", marks]);
      expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 49n });
      const { status } = await api.details(actionOf(run, "a0"));
      statuses.push(CatalogCacheStatus[status?.cacheStatus ?? 0] ?? "");
    }
    expect(statuses).toEqual(["CACHE_POPULATED", "CACHE_HIT"]);
    expect(await readFile(marks, "utf8")).toBe("ran\n");
  });

  test("a file of the laptop goes through one task into another, with a name beyond ASCII", async () => {
    const file = join(home.path, "maß.txt");
    await writeFile(file, "straße und 👋\n");
    const run = await ran("files.py", "through", ["--source", file]);
    const { inputs, outputs } = await api.values(actionOf(run, "a0"));
    expect(outputs).toEqual({ o0: "STRASSE UND 👋\n" });
    expect(inputs["source"]).toMatch(new RegExp(`^${s3.base}/uploads/flytesnacks/development/.*/maß\\.txt$`));
  });

  test("what a script uploads lies in the bucket byte for byte, a directory below its prefix [dataproxy 47,48]", async () => {
    const file = join(home.path, "one.txt");
    const folder = join(home.path, "folder");
    const content = Array.from({ length: 9_000 }, (_, at) => `${at}\n`).join("");
    await mkdir(folder);
    await writeFile(file, content);
    await writeFile(join(folder, "two.txt"), "two");
    const { code, output } = await python(["upload.py", server.url, file, folder, "of-a-script"]);
    expect(code, output).toBe(0);
    const address = /File: \S+ (\S+)/.exec(output)?.[1] ?? "";
    expect(address).toMatch(new RegExp(`^${s3.base}/uploads/flytesnacks/development/[A-Z2-7]{26}={6}/one\\.txt$`));
    expect(await read(address)).toBe(content);
    const uploads = `${s3.base}/uploads/flytesnacks/development`;
    expect(output).toContain(`Directory: ${uploads}/of-a-script\n`);
    expect(await read(`${uploads}/of-a-script/two.txt`)).toBe("two");
  });

  /** The object's text, as the store itself gives it. */
  async function read(uri: string): Promise<string> {
    const { status, text } = await s3.store.send("GET", uri.slice("s3:/".length).replaceAll("=", "%3D"));
    expect(status).toBe(200);
    return text;
  }
});
