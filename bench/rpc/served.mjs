// @ts-check
// What every server of the RPC benchmark answers, and how it tells what that cost.
import { create, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { GetCacheResponseSchema } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { TailLogsResponseSchema } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { ContainerIdentifierSchema, LogLineOriginator } from "@flyte-dataplane/proto/flyteidl2/logs/dataplane/payload";
import { createLineEncoder } from "../../dataproxy/dist/line-encoder.js";

/** A cache's answer in its shortest form, a location: what a server costs, not what its messages do. */
export const cached = create(GetCacheResponseSchema, {
  output: { output: { case: "outputUri", value: "s3://flyte-data/flytesnacks/development/r5x8jq2k/a0/1/outputs.pb" } },
});
export const cachedBytes = toBinary(GetCacheResponseSchema, cached);

const text = "epoch 3 step 12045: loss 0.3312, learning rate 0.00021, 812 samples/s";
const time = create(TimestampSchema, { seconds: 1_700_000_000n, nanos: 0 });
const container = create(ContainerIdentifierSchema, {
  kubernetesNamespace: "flytesnacks-development",
  kubernetesPodName: "r5x8jq2k-a0-0",
  kubernetesContainerName: "r5x8jq2k-a0-0",
});
const originator = LogLineOriginator.USER;

/**
 * As the dataproxy sends them: as bytes, many lines in a message.
 * @param {number} lines in all
 */
export async function* tailOfOurs(lines) {
  const encode = createLineEncoder(container, false);
  const batch = Array.from({ length: 64 }, () => ({ time, text }));
  for (let sent = 0; sent < lines; sent += batch.length) {
    await readOn(sent);
    yield encode(batch);
  }
}

/**
 * As one writes it first: each line a message.
 * @param {number} lines in all
 */
export async function* tailByLine(lines) {
  const line = { timestamp: time, message: text, originator, shortPodName: container.kubernetesPodName.slice(-8) };
  for (let sent = 0; sent < lines; sent += 1) {
    await readOn(sent);
    yield create(TailLogsResponseSchema, { logs: [{ lines: [line], container }] });
  }
}

/** @param {number} line a file is read piece by piece, each a turn later: 4096 lines are one */
async function readOn(line) {
  if (line % 4096 === 0) await new Promise((resolve) => setImmediate(resolve));
}

export const quiet = { debug() {}, info() {}, warn() {}, error: console.error, child: () => quiet };

/**
 * Prints the port; then, for each line that it is given, the processor seconds and the peak of memory so far. Ends the
 * process with its input.
 * @param {number} port
 */
export function report(port) {
  console.log(port);
  process.stdin.on("data", () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    console.log((userCPUTime + systemCPUTime) / 1e6, maxRSS * 1024);
  });
  process.stdin.once("end", () => process.exit(0));
}

/** @param {import("node:net").Server} server */
export async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  report(typeof address === "object" && address !== null ? address.port : 0);
}
