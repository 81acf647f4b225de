import { randomBytes } from "node:crypto";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createDemoClient } from "../demo/client.ts";
import { runDemo } from "../demo/demo.ts";
import { makeCase } from "../demo/task.ts";
import { countPods } from "../embedded/contents.ts";
import { makeTemporary } from "../embedded/temporary-directory.ts";
import type { Machine } from "./places.ts";
import { ended, open } from "./serve.ts";

export interface DemoCommandOptions {
  readonly dataDir?: string;
  readonly logLevel?: string;
}

/** Exit status of a program that Ctrl-C ended. */
const interrupted = 130;

/**
 * Runs the main job on a server of its own, on a free port. Without `--data-dir` everything lies in a directory that is removed afterwards;
 * with it the directory stays and the inputs are salted, so that each demo really runs.
 */
export async function demo(machine: Machine, options: DemoCommandOptions): Promise<number> {
  const startedAt = performance.now();
  const own =
    options.dataDir === undefined ? await makeTemporary(machine.temporary, "flyte-dataplane-demo-") : undefined;
  try {
    const dataDir = own?.path ?? options.dataDir ?? "";
    const { dataplane, directory, lifecycle } = await open(machine, {
      dataDir,
      port: "0",
      containersOutlive: false,
      logLevel: options.logLevel ?? "warn",
    });
    machine.say(`started    every service on ${dataplane.url}, data in ${directory}`);
    try {
      await runDemo({
        client: createDemoClient(
          createConnectTransport({ baseUrl: dataplane.localUrl, httpVersion: "1.1", useBinaryFormat: true }),
        ),
        demo: makeCase(own === undefined ? randomBytes(6).toString("hex") : ""),
        signal: lifecycle.signal,
        say: machine.say,
        countPods: () => countPods(directory),
      });
    } catch (error) {
      if (!lifecycle.signal.aborted) throw error;
      await lifecycle.stopped;
      machine.say("stopped    by a signal; nothing is left running");
      return interrupted;
    } finally {
      lifecycle.stop("the demo ended");
      await lifecycle.stopped;
    }
    const code = await ended(lifecycle);
    machine.say(`done       in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    machine.say(
      "next       npm start, then: flyte create config --endpoint localhost:30080 --insecure --project flytesnacks --domain development",
    );
    return code;
  } finally {
    await own?.remove();
  }
}
