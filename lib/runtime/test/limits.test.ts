import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { Clock } from "@flyte-dataplane/core";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { describe, expect, onTestFinished, test } from "vitest";
import { createMetrics, systemClock } from "../src/lifecycle/index.ts";
import type { CallLimits, Server } from "../src/server/index.ts";
import { details, head, proto, send, serve, unaryPath } from "./listening-server.ts";

const none: CallLimits = { callsPerSecond: 0, burst: 0, streamsPerClient: 0, inFlight: 0, lagMs: 0 };
const call = (server: Server, name = "r") =>
  send(server, { path: unaryPath, headers: proto, body: details(name), method: "POST" });

function client(server: Server, protocol: "connect" | "grpc" | "grpc-web" = "connect") {
  const baseUrl = `http://127.0.0.1:${server.port}`;
  if (protocol === "grpc") return createClient(RunService, createGrpcTransport({ baseUrl }));
  const transport = protocol === "connect" ? createConnectTransport : createGrpcWebTransport;
  return createClient(RunService, transport({ baseUrl, httpVersion: "1.1" }));
}

/** A clock whose time stands until it is set; what sleeps does so in real time. */
function standingClock(): Clock & { nowMs: number } {
  return { nowMs: 1_000_000, now: () => clock.nowMs, sleep: systemClock.sleep };
}
let clock: ReturnType<typeof standingClock>;

describe("a limit on calls per second", () => {
  test("refuses the call too many with a code to try again on, and says when; health is not counted", async () => {
    clock = standingClock();
    const metrics = createMetrics();
    const server = await serve({ clock, metrics, limits: { ...none, callsPerSecond: 0.5, burst: 2 } });
    expect([(await call(server)).status, (await call(server)).status]).toEqual([200, 200]);
    const refused = await call(server);
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toBe("2");
    expect(JSON.parse(refused.body.toString())).toMatchObject({ code: "resource_exhausted" });
    expect((await send(server, { path: "/healthz" })).status).toBe(200);
    clock.nowMs += 2000;
    expect((await call(server)).status).toBe(200);
    expect(await metrics.render()).toContain('rpc_server_refused_calls_total{limit="rate"} 1');
  });

  test.each([
    { name: "each caller that a named proxy calls for", trustedProxies: ["127.0.0.0/8"], third: 200 },
    { name: "the proxy and all behind it, where it is not named", trustedProxies: [], third: 429 },
  ])("counts $name", async ({ trustedProxies, third }) => {
    clock = standingClock();
    const server = await serve({ clock, limits: { ...none, callsPerSecond: 1, burst: 1 }, trustedProxies });
    const callFor = async (caller: string) => {
      const headers = { ...proto, "x-forwarded-for": caller };
      return (await send(server, { path: unaryPath, headers, body: details("r") })).status;
    };
    expect(await callFor("1.2.3.4")).toBe(200);
    // Whatever a caller writes before what the proxy adds.
    expect(await callFor("6.6.6.6, 1.2.3.4")).toBe(429);
    expect(await callFor("5.6.7.8")).toBe(third);
  });

  test.each(["connect", "grpc-web", "grpc"] as const)("is told in the wire form of %s", async (protocol) => {
    clock = standingClock();
    const server = await serve({ clock, limits: { ...none, callsPerSecond: 1, burst: 1 } });
    const caller = client(server, protocol);
    await caller.getRunDetails({ runId: { name: "r" } });
    const refused = await caller.getRunDetails({ runId: { name: "r" } }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConnectError);
    expect(refused).toMatchObject({ code: Code.ResourceExhausted });
    expect((refused as ConnectError).metadata.get("retry-after")).toBe("1");
  });

  test("is each client's own", async () => {
    clock = standingClock();
    const server = await serve({ clock, limits: { ...none, callsPerSecond: 1, burst: 1 } });
    const from = (host: string) => send(server, { path: unaryPath, headers: proto, body: details("r"), host });
    expect((await from("127.0.0.1")).status).toBe(200);
    expect((await from("127.0.0.1")).status).toBe(429);
    expect((await from("::1")).status).toBe(200);
  });
});

test("a limit on calls under way sheds the next one, and takes one again when one has ended", async () => {
  const server = await serve({ limits: { ...none, inFlight: 1 } });
  const leave = new AbortController();
  const begun = server.recorded.waiting();
  const slow = client(server).getRunDetails({ runId: { name: "slow" } }, { signal: leave.signal });
  slow.catch(() => undefined);
  await begun;
  const shed = await call(server);
  expect(shed.status).toBe(503);
  expect(shed.headers["retry-after"]).toBe("1");
  expect(JSON.parse(shed.body.toString())).toMatchObject({ code: "unavailable" });
  leave.abort();
  await expect.poll(async () => (await call(server)).status).toBe(200);
});

test("a client has so many streams over however many connections, and may open one when one has ended", async () => {
  const metrics = createMetrics();
  const server = await serve({ metrics, limits: { ...none, streamsPerClient: 2 } });
  const shown = async (): Promise<string> =>
    /^rpc_server_open_streams\{.*\} (\d+)$/m.exec(await metrics.render())?.[1] ?? "";
  const leaving = [new AbortController(), new AbortController()];
  const watch = async (signal?: AbortSignal): Promise<string> => {
    try {
      const watched = client(server).watchRuns(
        { target: { case: "org", value: "quiet" } },
        { ...(signal && { signal }) },
      );
      for await (const message of watched) void message;
      return "ended";
    } catch (error) {
      return error instanceof ConnectError ? (Code[error.code] ?? "") : String(error);
    }
  };
  const open = leaving.map(({ signal }) => watch(signal));
  await expect.poll(shown).toBe("2");
  expect(await watch()).toBe("ResourceExhausted");
  leaving[0]?.abort();
  await open[0];
  await expect.poll(shown).toBe("1");
  const again = new AbortController();
  const third = watch(again.signal);
  await expect.poll(shown).toBe("2");
  for (const each of [...leaving, again]) each.abort();
  await Promise.all([...open, third]);
  await expect.poll(shown).toBe("0");
});

test("an event loop that is late sheds calls until it is not, and answers health all the while", async () => {
  let wake: () => void = () => undefined;
  let nowMs = 0;
  const late: Clock = {
    now: () => nowMs,
    sleep: (ms, options) => (ms === 100 ? new Promise((resolve) => (wake = resolve)) : systemClock.sleep(ms, options)),
  };
  const server = await serve({ clock: late, limits: { ...none, lagMs: 500 } });
  const tick = async (byMs: number): Promise<void> => {
    nowMs += byMs;
    wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await tick(100);
  expect((await call(server)).status).toBe(200);
  await tick(700);
  const shed = await call(server);
  expect([shed.status, shed.headers["retry-after"]]).toEqual([503, "1"]);
  expect((await send(server, { path: "/readyz" })).status).toBe(200);
  await tick(100);
  expect((await call(server)).status).toBe(200);
});

test("a call that is refused does not spoil the next one on its connection", async () => {
  clock = standingClock();
  const server = await serve({ clock, limits: { ...none, callsPerSecond: 1, burst: 1 } });
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${server.port}`);
  onTestFinished(() => session.destroy());
  const statuses: unknown[] = [];
  for (let n = 0; n < 3; n += 1) {
    const stream = session.request({ ":method": "POST", ":path": unaryPath, ...proto });
    stream.end(details("r"));
    const [fields] = (await once(stream, "response")) as [Record<string, unknown>];
    statuses.push(fields[":status"]);
    stream.resume();
    await once(stream, "close");
    if (n === 1) clock.nowMs += 1000;
  }
  expect(statuses).toEqual([200, 429, 200]);
});

test("an unplanned error names the request by which its line in the log is found", async () => {
  const server = await serve();
  const sent = { path: unaryPath, body: details("broken"), method: "POST" };
  const named = await send(server, { ...sent, headers: { ...proto, "x-request-id": "mine-1" } });
  const unnamed = await send(server, { ...sent, headers: { ...proto, "x-request-id": "two\twords" } });
  expect(named.headers["x-request-id"]).toBe("mine-1");
  expect(unnamed.headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
  expect(server.recorded.errors.map((fields) => fields["requestId"])).toEqual([
    "mine-1",
    unnamed.headers["x-request-id"],
  ]);
  // What was planned names nothing: its message says it all.
  expect(
    (await head(server, { ...sent, body: details("absent"), headers: proto })).headers["x-request-id"],
  ).toBeUndefined();
});
