import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { expect, test } from "vitest";
import { emptyHome, processesNaming, runMain } from "./server-process.ts";

/** Twenty in a full verification; two keep the quick suite quick. */
const rounds = Number(process.env["KILL_ROUNDS"] ?? "2");

const terminal = new Set([ActionPhase.SUCCEEDED, ActionPhase.FAILED, ActionPhase.ABORTED, ActionPhase.TIMED_OUT]);

test.each(Array.from({ length: rounds }, (_, round) => ({ round })))(
  "a server killed at a random moment of a run finishes it after the next start, each container once ($round)",
  async () => {
    const home = await emptyHome();
    const data = join(home.path, "data");
    const environment = { HOME: home.path, TMPDIR: home.path };
    const demo = runMain(["demo", "--data-dir", data], environment);
    await demo.printed(/created {4}run (\S+)/);
    // Somewhere between the creation of the run and its end, which takes about two seconds.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1800));
    demo.child.kill("SIGKILL");
    await demo.ended;
    const names = [...demo.stdout().matchAll(/created {4}run ([a-z0-9]+)/g)].map((match) => match[1] ?? "");

    const server = runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "warn"], environment);
    const url = (await server.printed(/ready on (http:\/\/localhost:\d+)/))[1] ?? "";
    const runs = createClient(
      RunService,
      createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: true }),
    );
    for (const name of names) {
      const id = { run: { org: "", project: "flytesnacks", domain: "development", name }, name: "a0" };
      let phase = ActionPhase.UNSPECIFIED;
      for await (const { details } of runs.watchActionDetails({ actionId: id }, { timeoutMs: 60_000 })) {
        phase = details?.status?.phase ?? phase;
        if (terminal.has(phase)) break;
      }
      expect(ActionPhase[phase], `${demo.stdout()}\n${server.stderr()}`).toBe("SUCCEEDED");
    }
    server.child.kill("SIGTERM");
    expect(await server.ended, server.stderr()).toBe(0);

    // The first run executes, the second is a cache hit: one Pod, each of its containers started once.
    const pods = await readdir(join(data, "pods"));
    expect(pods).toHaveLength(1);
    const pod = join(data, "pods", pods[0] ?? "");
    const containers = (await readdir(pod, { withFileTypes: true })).filter(
      (entry) => entry.isDirectory() && entry.name !== "volumes",
    );
    const logs = new Map<string, string>();
    for (const { name } of containers) {
      const restarts = (await readdir(join(pod, name))).filter((restart) => /^\d+$/.test(restart));
      if (restarts.length === 0) continue;
      expect(restarts, `starts of ${name}`).toEqual(["0"]);
      logs.set(name, await readFile(join(pod, name, "0", "log"), "utf8"));
    }
    expect(logs.size).toBe(3);
    expect([...logs.values()].join("").match(/part 1 of 5 checked/g)).toHaveLength(1);
    expect(await processesNaming(home.path)).toEqual([]);
    await home.remove();
  },
);
