/** A reader that stops reading, over a real connection with the real limits of its buffers. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import { WatchRunDetailsRequestSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Harness, startApi } from "./harness.ts";
import { ActionPhase, actionId, createRequest, named, runId } from "./messages.ts";
import { openStream } from "./stream.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false, http: true });
});
afterAll(() => api.close());

const changes = 120;
const messageBytes = 512 * 1024;

/** The answer to a watch of `run` whose body nobody reads yet. */
async function unread(run: string): Promise<IncomingMessage> {
  const message = toBinary(WatchRunDetailsRequestSchema, create(WatchRunDetailsRequestSchema, { runId: runId(run) }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const call = request(`${api.baseUrl}/flyteidl2.workflow.RunService/WatchRunDetails`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/connect+proto", "connect-protocol-version": "1" },
  });
  call.end(Buffer.concat([head, message]));
  const [response] = (await once(call, "response")) as [IncomingMessage];
  response.pause();
  return response;
}

test("who stops reading delays neither writers nor readers, and is owed no more than the last state [runs 76]", async () => {
  const envs = { values: [{ key: "LARGE", value: "x".repeat(messageBytes) }] };
  await api.runs.createRun(createRequest({ id: named("large"), runSpec: { envs } }));
  const stalled = await unread("large");
  const lively = openStream((signal) => api.runs.watchRunDetails({ runId: runId("large") }, { signal }));
  await lively.next();
  for (let attempts = 1; attempts <= changes; attempts += 1) {
    const status = { phase: ActionPhase.RUNNING, attempts };
    await api.internal.updateActionStatus({ actionId: actionId("large"), status });
    // The other reader is shown this very change while the first one does not move.
    await lively.find(({ details }) => details?.action?.status?.attempts === attempts);
  }
  await lively.close();

  await api.runs.abortRun({ runId: runId("large") });
  let bytes = 0;
  stalled.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  stalled.resume();
  await once(stalled, "end");
  // What the server kept for it would arrive now: some messages fit into the buffers of the connection, not all.
  expect(bytes).toBeGreaterThan(messageBytes);
  expect(bytes).toBeLessThan((changes * messageBytes) / 2);
}, 60_000);
