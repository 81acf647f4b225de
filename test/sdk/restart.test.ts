import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { emptyHome } from "../e2e/server-process.ts";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, phaseName, phaseOf, runApi } from "./run-api.ts";
import { type SdkServer, startSdkServer } from "./sdk-server.ts";

/** Ten in a full verification; two keep the suite quick. */
const rounds = Number(process.env["RESTART_ROUNDS"] ?? "2");

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

  test.each(Array.from({ length: rounds }, (_, round) => ({ round: round + 1, ended: (round * 7 + 3) % 10 })))(
    "with $ended of ten children done takes the run up again: it succeeds, and each child ran once (round $round)",
    async ({ ended }) => {
      server = await startSdkServer({ python, home: home.path });
      const { url, port } = server;
      const run = await flyteRun("hello.py", "main", { endpoint: url });
      await childrenSucceeded(url, run, ended);
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
      const printed = (await logs(join(home.path, "data", "pods"))).filter((line) => line.startsWith("line at "));
      expect(printed.sort()).toEqual(Array.from({ length: 10 }, (_, x) => `line at ${x + 1}`).sort());
    },
  );
});

/** Resolves once at least `count` children of the run have, and one is there at all. */
async function childrenSucceeded(url: string, run: RunIdentifier, count: number): Promise<void> {
  const api = runApi(url);
  await expect
    .poll(
      async () => {
        const children = await api.children(run);
        const done = children.filter((child) => phaseName(phaseOf(child)) === "SUCCEEDED").length;
        return children.length > 0 && done >= count;
      },
      { timeout: 60_000, interval: 50 },
    )
    .toBe(true);
}

/** All lines that any container of any Pod wrote, however often it was started. */
async function logs(pods: string): Promise<readonly string[]> {
  const files = (await readdir(pods, { recursive: true })).filter((file) => /^[^/]+\/[^/]+\/\d+\/log$/.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(pods, file), "utf8")));
  return texts.flatMap((text) => text.split("\n"));
}
