/** A stop under load, as whoever replaces a server by the next one sees it. */
import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ListProjectsRequestSchema } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { expect, onTestFinished, test } from "vitest";
import { emptyHome, type Run, runMain } from "./server-process.ts";

const unaryCalls = 500;
const streams = 50;
const message = toBinary(ListProjectsRequestSchema, create(ListProjectsRequestSchema, { limit: 10, token: "" }));

test("500 calls and 50 streams under way at SIGTERM: every call is answered, every stream told to come again", async () => {
  const { run, url, port } = await start();
  const agent = new Agent({ keepAlive: true, maxSockets: unaryCalls });
  onTestFinished(() => agent.destroy());
  const watching = Array.from({ length: streams }, (_, index) => watch(url, index));
  const calls = Array.from({ length: unaryCalls }, () => beginCall(port, agent));
  await expect.poll(() => underWay(url), { timeout: 60_000 }).toEqual({ unary: unaryCalls, streams });

  run.child.kill("SIGTERM");
  expect(await Promise.all(watching)).toEqual(watching.map(() => "unavailable"));
  // The streams ended because the drain began; from then on nobody new gets in.
  await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  const answers = await Promise.all(calls.map((call) => finishCall(call)));
  expect(answers).toEqual(calls.map(() => ({ status: 200, last: true })));
  expect(await run.ended).toBe(0);
  expect(run.stderr()).not.toMatch(/"level":"(warn|error)"/);
}, 180_000);

test("a server that lingers says that it is not ready, and serves as before until it drains", async () => {
  const { run, url } = await start({ FLYTE_DATAPLANE_SERVER_LINGER: "1h" });
  run.child.kill("SIGTERM");
  const readiness = async (): Promise<string> => {
    const answer = await fetch(`${url}/readyz`);
    return `${answer.status} ${await answer.text()}`;
  };
  await expect.poll(readiness).toBe("503 the server is shutting down");
  expect(await (await fetch(`${url}/healthz`)).text()).toBe("OK");
  const runs = createClient(RunService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  const scopeBy = {
    case: "projectId" as const,
    value: { organization: "", name: "flytesnacks", domain: "development" },
  };
  expect((await runs.listRuns({ scopeBy, request: { limit: 1 } })).runs).toEqual([]);
  // Whoever stands at the keyboard need not wait for that.
  run.child.kill("SIGTERM");
  await run.ended;
});

async function start(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ run: Run; url: string; port: number }> {
  const home = await emptyHome();
  const run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "warn"], {
    HOME: home.path,
    TMPDIR: home.path,
    FLYTE_DATAPLANE_SERVER_DRAIN: "60s",
    ...environment,
  });
  onTestFinished(async () => {
    run.child.kill("SIGKILL");
    await run.ended;
    await home.remove();
  });
  const [, url = "", port = ""] = await run.printed(/ready on (http:\/\/localhost:(\d+))/);
  return { run, url, port: Number(port) };
}

/** A call whose head and first byte are sent: the server has begun it and waits for the rest. */
function beginCall(port: number, agent: Agent): ClientRequest {
  const outgoing = request({
    host: "127.0.0.1",
    port,
    agent,
    method: "POST",
    path: "/flyteidl2.project.ProjectService/ListProjects",
    headers: { "content-type": "application/proto", "content-length": message.length },
  });
  outgoing.on("error", () => undefined);
  outgoing.write(message.subarray(0, 1));
  return outgoing;
}

async function finishCall(
  call: ClientRequest,
): Promise<{ readonly status: number | undefined; readonly last: boolean }> {
  const response = once(call, "response") as Promise<[IncomingMessage]>;
  call.end(message.subarray(1));
  const [incoming] = await response;
  incoming.resume();
  await once(incoming, "end");
  return { status: incoming.statusCode, last: incoming.headers.connection === "close" };
}

/** Watches runs, one half over HTTP/1.1 and one over HTTP/2, until the stream ends; the code that it ended with. */
async function watch(url: string, index: number): Promise<string> {
  const transport =
    index % 2 === 0
      ? createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: true })
      : createGrpcTransport({ baseUrl: url });
  const value = { organization: "", name: "flytesnacks", domain: "development" };
  try {
    for await (const answer of createClient(RunService, transport).watchRuns({ target: { case: "projectId", value } }))
      void answer;
    return "ended";
  } catch (error) {
    return error instanceof ConnectError && error.code === Code.Unavailable ? "unavailable" : String(error);
  }
}

async function underWay(url: string): Promise<{ readonly unary: number; readonly streams: number }> {
  const figures = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string): number =>
    figures
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  return { unary: sum("rpc_server_calls_in_flight"), streams: sum("rpc_server_open_streams") };
}
