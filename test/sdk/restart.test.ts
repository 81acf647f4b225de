import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { emptyHome } from "../e2e/server-process.ts";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, phaseName, phaseOf, runApi } from "./run-api.ts";
import { type SdkServer, startSdkServer } from "./sdk-server.ts";

describe("a server killed in the middle of a run", () => {
  const python = inject("sdkPython");
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let server: SdkServer;
  beforeEach(async () => {
    home = await emptyHome();
  });
  afterEach(async () => {
    await server.stop();
    await home.remove();
  });

  test("takes the run up again when it is back: it succeeds, and each child ran once", async () => {
    server = await startSdkServer({ python, home: home.path });
    const { url, port } = server;
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
    expect(await server.stop("SIGKILL")).toBe("SIGKILL");
    server = await startSdkServer({ python, home: home.path, port });
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
