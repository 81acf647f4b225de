// @ts-check
// What every server of the RPC benchmark answers, and how it tells what that cost.
import { create, toBinary } from "@bufbuild/protobuf";
import { GetCacheResponseSchema } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { TailLogsResponseSchema } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";

/** A cache's answer in its shortest form, a location: what a server costs, not what its messages do. */
export const cached = create(GetCacheResponseSchema, {
  output: { output: { case: "outputUri", value: "s3://flyte-data/flytesnacks/development/r5x8jq2k/a0/1/outputs.pb" } },
});
export const cachedBytes = toBinary(GetCacheResponseSchema, cached);

const line = {
  timestamp: { seconds: 1_700_000_000n, nanos: 0 },
  message: "epoch 3 step 12045: loss 0.3312, learning rate 0.00021, 812 samples/s",
};

/**
 * @param {number} lines in all
 * @param {number} perMessage
 */
export async function* tail(lines, perMessage) {
  for (let sent = 0; sent < lines; sent += perMessage) {
    // As from a file that is read on: each piece comes a turn later.
    if ((sent / perMessage) % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    yield create(TailLogsResponseSchema, { logs: [{ lines: Array.from({ length: perMessage }, () => line) }] });
  }
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
