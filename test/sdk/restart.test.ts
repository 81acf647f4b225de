import { type ChildProcess } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { emptyHome, type Run, runMain } from "../e2e/server-process.ts";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const ready = /ready on (http:\/\/localhost:(\d+))/;

describe("a server killed in the middle of a run", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let server: Run;
  const serve = async (port: string): Promise<readonly string[]> => {
    server = runMain(["serve", "--port", port, "--data-dir", join(home.path, "data"), "--log-level", "error"], {
      HOME: home.path,
      TMPDIR: home.path,
      PATH: [dirname(inject("sdkPython")), process.env["PATH"]].join(delimiter),
    });
    return server.printed(ready);
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await server.ended;
  };
  beforeEach(async () => {
    home = await emptyHome();
  });
  afterEach(async () => {
    await end(server.child, "SIGTERM");
    await home.remove();
  });

  test("takes the run up again when it is back: it succeeds, and each child ran once", async () => {
    const [, url = "", port = ""] = await serve("0");
    const run = await flyteRun("hello.py", "main", { endpoint: url });
    const before = runApi(url);
    await expect
      .poll(
        async () => (await before.children(run)).filter((child) => phaseName(phaseOf(child)) === "SUCCEEDED").length,
        {
          timeout: 60_000,
          interval: 50,
        },
      )
      .toBeGreaterThan(1);
    await end(server.child, "SIGKILL");
    await serve(port);
    const after = runApi(url);
    const root = await after.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    expect((await after.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 16 });
    const children = await after.children(run);
    expect(children).toHaveLength(10);
    for (const child of children) {
      expect(phaseName(phaseOf(child))).toBe("SUCCEEDED");
      expect(child.status?.attempts).toBe(1);
    }
  });
});
