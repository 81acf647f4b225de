/** A trace that goes on in another process: what of it a call that goes out over a socket carries. */
import { create } from "@bufbuild/protobuf";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { RunService, WatchRunsResponseSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../src/lifecycle/index.ts";
import { rpc } from "../src/server/index.ts";
import { startTelemetry, type Telemetry } from "../src/telemetry/index.ts";
import { serve } from "./listening-server.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const callerSpan = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${callerSpan}-01`;

let telemetry: Telemetry | undefined;
beforeAll(async () => {
  telemetry = await startTelemetry({
    // Nothing listens there: where spans are sent is not what is held here.
    env: { OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
    version: "0",
    clock: systemClock,
    failed: () => undefined,
  });
});
afterAll(() => telemetry?.close());

const ways = {
  "Connect over HTTP/1.1": (baseUrl: string, interceptors: Interceptor[]) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors }),
  "gRPC over HTTP/2": (baseUrl: string, interceptors: Interceptor[]) => createGrpcTransport({ baseUrl, interceptors }),
};

test.each(Object.entries(ways).map(([name, transport]) => ({ name, transport })))(
  "a call made while another is served goes out by $name as a part of the same trace",
  async ({ transport }) => {
    if (telemetry === undefined) throw new Error("traces were asked for");
    const heard: (string | null)[] = [];
    const remote = await serve({
      callHooks: [({ headers }) => void heard.push(String(headers["traceparent"] ?? ""))],
    });
    const outward = createClient(RunService, transport(`http://127.0.0.1:${remote.port}`, [telemetry.interceptor]));
    // The near server asks the far one while it answers: its handler is where the trace has to be found again.
    const { callHook } = telemetry;
    const near = await serve({
      callHooks: [callHook],
      services: [
        {
          name: "near",
          rpc: [
            rpc(RunService, {
              getRunDetails: (request) => outward.getRunDetails({ ...(request.runId && { runId: request.runId }) }),
            }),
          ],
        },
      ],
    });
    const inward = createClient(RunService, transport(`http://127.0.0.1:${near.port}`, []));
    await inward.getRunDetails({ runId: { name: "r" } }, { headers: { traceparent } });
    expect(heard).toHaveLength(1);
    const [version, trace, span, flags] = (heard[0] ?? "").split("-");
    expect([version, trace, flags]).toEqual(["00", traceId, "01"]);
    expect(span).toMatch(/^[0-9a-f]{16}$/);
    // A span of ours stands between, which is why the caller's is not sent on as it came.
    expect(span).not.toBe(callerSpan);
  },
);

test("a promise that is kept later goes out as a part of the trace that it names itself", async () => {
  if (telemetry === undefined) throw new Error("traces were asked for");
  const heard: string[] = [];
  const remote = await serve({ callHooks: [({ headers }) => void heard.push(String(headers["traceparent"] ?? ""))] });
  const transport = ways["Connect over HTTP/1.1"](`http://127.0.0.1:${remote.port}`, [telemetry.interceptor]);
  await createClient(RunService, transport).getRunDetails({ runId: { name: "r" } }, { headers: { traceparent } });
  expect(heard[0]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  expect(heard[0]).not.toBe(traceparent);
});

test.each(Object.entries(ways).map(([name, transport]) => ({ name, transport })))(
  "calls and streams that come at once by $name keep their traces apart, message by message",
  async ({ transport }) => {
    if (telemetry === undefined) throw new Error("traces were asked for");
    const heard: string[] = [];
    const remote = await serve({
      callHooks: [
        ({ headers }) => void heard.push(`${String(headers["x-say"])} ${String(headers["traceparent"]).split("-")[1]}`),
      ],
    });
    const far = createClient(RunService, transport(`http://127.0.0.1:${remote.port}`, [telemetry.interceptor]));
    const ask = (say: string) => far.getRunDetails({ runId: { name: "r" } }, { headers: { "x-say": say } });
    const near = await serve({
      callHooks: [telemetry.callHook],
      services: [
        {
          name: "near",
          rpc: [
            rpc(RunService, {
              getRunDetails: (_request, { requestHeader }) => ask(requestHeader.get("x-say") ?? ""),
              watchRuns: async function* (_request, { requestHeader }) {
                for (let count = 0; count < 3; count += 1) {
                  await ask(requestHeader.get("x-say") ?? "");
                  yield create(WatchRunsResponseSchema);
                }
              },
            }),
          ],
        },
      ],
    });
    const client = createClient(RunService, transport(`http://127.0.0.1:${near.port}`, []));
    const traces = Array.from({ length: 10 }, (_, index) =>
      index.toString(16).repeat(32).replace(/^0+$/, "a".repeat(32)),
    );
    await Promise.all(
      traces.map(async (trace, index) => {
        const headers = { traceparent: `00-${trace}-${callerSpan}-01`, "x-say": trace };
        if (index % 2 === 0) await client.getRunDetails({ runId: { name: "r" } }, { headers });
        else for await (const _ of client.watchRuns({ target: { case: "org", value: "o" } }, { headers }));
      }),
    );
    expect(heard.sort()).toEqual(
      traces
        .flatMap((trace, index) => Array.from({ length: index % 2 === 0 ? 1 : 3 }, () => `${trace} ${trace}`))
        .sort(),
    );
  },
);
