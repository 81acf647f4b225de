/** What the command line says to somebody who does not know it, and how it ends. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyHome, type Run, runMain } from "./server-process.ts";

const commands = ["serve", "config", "doctor", "demo", "status", "stop", "gc", "reset"];

describe("flyte-dataplane", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  beforeAll(async () => {
    home = await emptyHome();
  });
  afterAll(async () => {
    expect(await readdir(home.path)).toEqual([]);
    await home.remove();
  });
  const ended = async (...args: string[]): Promise<{ run: Run; code: number | string }> => {
    const run = runMain(args, { HOME: home.path, TMPDIR: home.path });
    return { run, code: await run.ended };
  };

  test("--help names every command and shows how to begin", async () => {
    const { run, code } = await ended("--help");
    expect(code).toBe(0);
    for (const command of commands) expect(run.stdout()).toMatch(new RegExp(`^  ${command} `, "m"));
    expect(run.stdout()).toContain("flyte create config --endpoint localhost:30080");
    expect(run.stderr()).toBe("");
  });

  test.each(commands)("%s --help says what it does and lists its options", async (command) => {
    const { run, code } = await ended(command, "--help");
    expect(code).toBe(0);
    expect(run.stdout()).toMatch(new RegExp(`^Usage: flyte-dataplane ${command} \\[options\\]\n\n.{20,}\n`));
    expect(run.stdout()).toMatch(/^ {2}(-c, --config <file>|--data-dir <directory>) {2,}\w/m);
  });

  test("serve --help lists the settings by every name they have", async () => {
    const { run } = await ended("serve", "--help");
    expect(run.stdout()).toContain("FLYTE_DATAPLANE_SERVER_PORT");
    expect(run.stdout()).toContain("30080");
  });

  test("config shows each setting with its source, from a file, a variable and a file that a variable names", async () => {
    const dir = await mkdtemp(join(tmpdir(), "fdp-config-"));
    await writeFile(
      join(dir, "c.yaml"),
      "server:\n  port: ${PORT}\n  drain: 90s\ndatabase:\n  url: postgresql://me@there/x\n",
    );
    await writeFile(join(dir, "password"), "hunter2\n");
    const run = runMain(["config", "--config", join(dir, "c.yaml"), "--changed"], {
      HOME: home.path,
      PORT: "4321",
      FLYTE_DATAPLANE_DATABASE_POSTGRES_PASSWORD_FILE: join(dir, "password"),
    });
    expect(await run.ended, run.stderr()).toBe(0);
    expect(run.stdout().split("\n")).toEqual([
      "server.port = 4321  (file)",
      "server.drain = 1m30s  (file)",
      "database.url = [hidden]  (file)",
      "database.postgres.password = [hidden]  (environment)",
      "",
    ]);
    await rm(dir, { recursive: true });
  });

  test("config --json is a list, and config of a broken file is refused as serve would", async () => {
    const { run } = await ended("config", "--json");
    expect(JSON.parse(run.stdout())).toContainEqual({ name: "server.port", value: 30080, source: "default" });
    const broken = runMain(["config"], { HOME: home.path, FLYTE_DATAPLANE_SERVER_PORT: "${PORT}" });
    expect(await broken.ended).toBe(2);
    expect(broken.stderr()).toContain('FLYTE_DATAPLANE_SERVER_PORT is "${PORT}"; expected a whole number');
  });

  test("--version is one line with both versions", async () => {
    const { run, code } = await ended("--version");
    expect(code).toBe(0);
    expect(run.stdout()).toMatch(/^flyte-dataplane \d+\.\d+\.\d+\S* \(Node \d+\.\d+\.\d+\)\n$/);
  });

  test("gc makes nothing where there is nothing", async () => {
    const { run, code } = await ended("gc", "--data-dir", join(home.path, "data"));
    expect(code).toBe(0);
    expect(run.stdout()).toBe(`no data in ${join(home.path, "data")}: nothing to remove\n`);
  });

  test.each([
    { args: ["sevre"], says: /unknown command 'sevre'\n\(Did you mean serve\?\)/ },
    {
      args: ["serve", "--prot", "1"],
      says: /unknown option '--prot'\n\(Did you mean --port\?\)\n\(see flyte-dataplane serve --help\)/,
    },
    { args: ["gc", "--bogus"], says: /unknown option '--bogus'\n\(see flyte-dataplane gc --help\)/ },
    { args: ["--data-dir", "x"], says: /unknown option '--data-dir'/ },
    { args: ["serve", "--port"], says: /'-p, --port <port>' argument missing/ },
    { args: ["stop", "now"], says: /too many arguments for 'stop'/ },
    { args: [], says: /^Usage: flyte-dataplane/ },
    { args: ["serve", "--port", "many"], says: /^flyte-dataplane: read configuration: --port is "many"; expected a/ },
    { args: ["serve", "--port", "70000"], says: /--port is 70000; expected 0 to 65535/ },
    { args: ["serve", "--log-level", "loud"], says: /--log-level is "loud"; expected one of debug, / },
    { args: ["serve", "--config", "/nowhere.yaml"], says: /read configuration \/nowhere\.yaml: .*no such file/ },
    { args: ["gc", "--older-than", "long"], says: /--older-than is "long"; expected a duration such as/ },
    { args: ["reset"], says: /say so with --yes/ },
  ])("$args is answered with what is wrong, and status 2", async ({ args, says }) => {
    const { run, code } = await ended(...args);
    expect(code, run.stderr()).toBe(2);
    expect(run.stderr()).toMatch(says);
    expect(run.stdout()).toBe("");
  });
});
