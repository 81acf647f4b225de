import { join } from "node:path";
import { ErrorInfo_Kind } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyHome, type Run, runMain } from "../e2e/server-process.ts";
import { flyteRun } from "./flyte-command.ts";
import { phaseName, phaseOf, runApi } from "./run-api.ts";

describe("a server whose Python has no Flyte SDK", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let server: Run;
  let url: string;
  beforeAll(async () => {
    home = await emptyHome();
    // The PATH of whoever runs the suite: the SDK stands in an environment of its own.
    server = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "error"], {
      HOME: home.path,
      TMPDIR: home.path,
    });
    [, url = ""] = await server.printed(/ready on (http:\/\/\S+)/);
  });
  afterAll(async () => {
    server.child.kill("SIGTERM");
    await server.ended;
    await home.remove();
  });

  test("fails a task at once, and says what to install and which setting names another Python", async () => {
    const run = await flyteRun("retries.py", "never", { endpoint: url });
    const root = await runApi(url).untilEnded(run);
    expect(phaseName(phaseOf(root))).toBe("FAILED");
    expect(root.attempts).toHaveLength(1);
    const error = root.result.case === "errorInfo" ? root.result.value : undefined;
    expect(error?.message).toMatch(/"python3", has no Flyte SDK: install it there .*local\.python/);
    expect(error?.kind).toBe(ErrorInfo_Kind.USER);
  });
});
