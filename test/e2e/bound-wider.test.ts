import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { emptyHome, runMain } from "./server-process.ts";

test.each([
  { host: "0.0.0.0", warns: true },
  { host: "localhost", warns: false },
])("a server without authentication on $host warns of whoever reaches it: $warns", async ({ host, warns }) => {
  const home = await emptyHome();
  const run = runMain(["serve", "--host", host, "--port", "0", "--data-dir", join(home.path, "data")], {
    HOME: home.path,
    TMPDIR: home.path,
  });
  onTestFinished(async () => {
    run.child.kill("SIGTERM");
    await run.ended;
    await home.remove();
  });
  const [, port = ""] = await run.printed(/http:\/\/localhost:(\d+)\n(?:.*\n)*? {2}stop {3}/);
  expect(run.stdout().includes(`beware http://${host}:${port} asks nobody who they are`)).toBe(warns);
  expect(run.stderr().includes("listening beyond this machine without authentication")).toBe(warns);
});
