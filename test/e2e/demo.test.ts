import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { emptyHome, processesNaming, runMain } from "./server-process.ts";

describe("the demo", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  beforeEach(async () => {
    home = await emptyHome();
  });
  afterEach(() => home.remove());
  const environment = () => ({ HOME: home.path, TMPDIR: home.path });

  test("does the main job twice, the second time from the cache, and leaves nothing behind", async () => {
    const run = runMain(["demo"], environment());
    expect(await run.ended, run.stderr()).toBe(0);
    const out = run.stdout();
    expect(out).toMatch(/uploaded {3}4194304 bytes through a signed URL/);
    expect(out).toMatch(/log {8}\| part 5 of 5 checked/);
    expect(out).toMatch(/phase {6}SUCCEEDED/);
    expect(out.match(/SHA-256 [0-9a-f]{64} as computed beforehand/g)).toHaveLength(2);
    expect(out).toMatch(/CACHE_HIT: no pod and no process was started/);
    expect(out).toMatch(/flyte create config --endpoint localhost:30080/);
    expect(run.stderr()).toBe("");
    expect(await readdir(home.path)).toEqual([]);
    expect(await processesNaming(home.path)).toEqual([]);
  });

  test("does it as well in a directory that no line of shell takes for one word", async () => {
    const run = runMain(["demo", "--data-dir", join(home.path, "John's data")], environment());
    expect(await run.ended, run.stderr()).toBe(0);
    expect(run.stdout()).toMatch(/phase {6}SUCCEEDED/);
    expect(await processesNaming(home.path)).toEqual([]);
  });

  test("shows the log while the task writes it, before the run has ended", async () => {
    const run = runMain(["demo"], environment());
    await run.printed(/log {8}\| part 1 of 5/);
    expect(run.stdout()).not.toMatch(/phase {6}SUCCEEDED/);
    expect(await run.ended).toBe(0);
  });

  test.each([
    { name: "while everything starts", until: undefined },
    { name: "while the task runs", until: /part 2 of 5/ },
  ])("Ctrl-C $name leaves no process, no lock and no PostgreSQL", async ({ until }) => {
    const run = runMain(["demo"], environment());
    if (until === undefined)
      await expect.poll(async () => (await processesNaming(home.path)).length, { timeout: 20_000 }).toBeGreaterThan(0);
    else await run.printed(until);
    run.child.kill("SIGINT");
    expect(await run.ended, run.stderr()).toBe(130);
    expect(await processesNaming(home.path)).toEqual([]);
    expect(await readdir(home.path)).toEqual([]);
  });

  test("keeps the directory that it was given, and runs again on it", async () => {
    const data = join(home.path, "data");
    for (let round = 0; round < 2; round++) {
      const run = runMain(["demo", "--data-dir", data], environment());
      expect(await run.ended, run.stderr()).toBe(0);
      expect(run.stdout()).toMatch(/phase {6}RUNNING/);
    }
    expect(await readdir(join(data, "pods"))).toHaveLength(2);
    expect(await readdir(data)).not.toContain("lock");
    expect(await processesNaming(data)).toEqual([]);
  });
});
