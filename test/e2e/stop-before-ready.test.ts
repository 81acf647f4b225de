import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyHome, processesNaming, runMain } from "./server-process.ts";

test("a server that is stopped while its store does not answer yet stops its database too", async () => {
  const home = await emptyHome();
  const data = join(home.path, "data");
  const run = runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "warn"], {
    HOME: home.path,
    TMPDIR: home.path,
    FLYTE_DATAPLANE_STORAGE_BASE: "s3://nowhere/flyte",
    // No file holds the secret, so that the server never becomes ready.
    FLYTE_DATAPLANE_STORAGE_STOW_CONFIG_ENDPOINT: "http://127.0.0.1:1",
    FLYTE_DATAPLANE_STORAGE_STOW_CONFIG_ACCESS_KEY_ID: "key",
    FLYTE_DATAPLANE_STORAGE_STOW_CONFIG_SECRET_KEY_PATH: join(home.path, "missing"),
  });
  await expect.poll(() => run.stderr(), { timeout: 60_000 }).toContain("the store does not answer");
  run.child.kill("SIGINT");
  expect(await run.ended, run.stderr()).toBe(0);
  expect(await processesNaming(data)).toEqual([]);
  await home.remove();
});
