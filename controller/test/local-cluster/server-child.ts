/**
 * A server process for tests that kill it: `node <this> <database url> <directory> <pods>`. Creates what it lacks of the
 * Pods in the JSON text `pods`, says "ready" once it runs, and ends when all of them have ended.
 */
import { tmpdir } from "node:os";
import { errorCode } from "@flyte-dataplane/core";
import { createDatabase } from "@flyte-dataplane/runtime/database";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createLocalCluster } from "../../src/cluster/local/local-cluster.ts";
import type { Pod } from "../../src/cluster/pod-object.ts";
import { quiet } from "./local-server.ts";
import { hasEnded, untilPod } from "./pods.ts";

const [url = "", directory = "", texts = "[]"] = process.argv.slice(2);
const pods = JSON.parse(texts) as readonly Pod[];
const clock = systemClock;
const database = createDatabase({ url, clock, logger: quiet });
const environment = { PATH: process.env["PATH"] };
const cluster = await createLocalCluster({
  database,
  directory,
  temporary: tmpdir(),
  environment,
  programs: {},
  clock,
  logger: quiet,
});
const running = new AbortController();
const loops = cluster.loops.map((loop) => loop.run(running.signal));
process.stdout.write("ready\n");
for (const pod of pods) {
  await cluster.pods.create(pod).catch((error: unknown) => {
    if (errorCode(error) !== "already_exists") throw error;
  });
}
await Promise.all(pods.map((pod) => untilPod(cluster, pod.metadata.name, hasEnded)));
running.abort();
await Promise.all(loops);
await cluster.close();
await database.close();
