import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type S3Store, startS3Store, storeProgram } from "./s3-store.ts";
import { emptyHome, processesNaming, runMain } from "./server-process.ts";

const program = storeProgram();

describe.skipIf(program === undefined)(
  "the demo on S3, by versitygw, which `npm run tools -- --only versitygw` gets,",
  () => {
    let s3: S3Store;
    let home: Awaited<ReturnType<typeof emptyHome>>;
    beforeAll(async () => {
      s3 = await startS3Store(program ?? "");
    });
    afterAll(() => s3.store.stop());
    beforeEach(async () => {
      home = await emptyHome();
    });
    afterEach(() => home.remove());
    const environment = (own: Readonly<Record<string, string>> = {}) => ({
      HOME: home.path,
      TMPDIR: home.path,
      ...s3.environment,
      ...own,
    });

    test("does the main job twice, the second time from the cache, and leaves nothing on this machine", async () => {
      const run = runMain(["demo"], environment());
      expect(await run.ended, run.stderr() + run.stdout()).toBe(0);
      const out = run.stdout();
      expect(out).toContain(`uploaded   4194304 bytes through a signed URL to ${s3.base}/uploads/`);
      expect(out).toMatch(/log {8}\| part 5 of 5 checked/);
      expect(out.match(/SHA-256 [0-9a-f]{64} as computed beforehand/g)).toHaveLength(2);
      expect(out).toMatch(/CACHE_HIT: no pod and no process was started/);
      expect(run.stderr()).toBe("");
      expect(await readdir(home.path)).toEqual([]);
      expect(await processesNaming(home.path)).toEqual([]);
      expect(await s3.store.uploads(s3.bucket)).toEqual([]);
    });

    test("keeps the key out of every command line, and of all files that it leaves", async () => {
      const secret = s3.store.secretAccessKey;
      const data = join(home.path, "data");
      const run = runMain(["demo", "--data-dir", data], environment());
      await run.printed(/log {8}\| part 1 of 5/);
      const copilots = await processesNaming(s3.bucket);
      expect(copilots).not.toEqual([]);
      expect(copilots.filter((line) => line.includes(secret))).toEqual([]);
      expect(await run.ended, run.stderr()).toBe(0);
      const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
      expect(files.some(({ name }) => name === "exit")).toBe(true);
      for (const { parentPath, name } of files) {
        const held = (await readFile(join(parentPath, name))).includes(secret);
        expect(held, join(parentPath, name)).toBe(false);
      }
    });

    test("a server with a wrong key says what the store refused, and never the key", async () => {
      const wrong = { FLYTE_DATAPLANE_STORAGE_STOW_CONFIG_SECRET_KEY: "not-the-secret" };
      const run = runMain(["serve", "--port", "0"], environment(wrong));
      await expect.poll(() => run.stderr(), { timeout: 60_000 }).toContain("the store does not answer");
      // Who looks at the terminal alone is told as well, long before the server gives up waiting.
      await run.printed(/is up on http:\S+ and waits to be ready:\n {2}dataproxy\/storage: /);
      run.child.kill("SIGTERM");
      await run.ended;
      expect(run.stderr()).toContain(s3.base);
      expect(run.stderr() + run.stdout()).not.toContain("not-the-secret");
    });

    test.each([
      {
        name: "a scheme without a driver",
        own: { FLYTE_DATAPLANE_STORAGE_BASE: "gs://bucket" },
        says: /storage\.base/,
      },
      {
        name: "a key without a secret",
        own: { FLYTE_DATAPLANE_STORAGE_STOW_CONFIG_SECRET_KEY: "" },
        says: /secret_key_path/,
      },
    ])("$name is refused before anything starts", async ({ own, says }) => {
      const run = runMain(["serve", "--port", "0"], environment(own));
      expect(await run.ended).toBe(2);
      expect(run.stderr()).toMatch(says);
      expect(await readdir(home.path)).toEqual([]);
    });
  },
);
