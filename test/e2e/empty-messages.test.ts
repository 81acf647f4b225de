/** Every procedure of the built server, called with nothing: each has an answer, and none costs the caller its connection. */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:http2";
import { join } from "node:path";
import type { DescMethod } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { envelope, everyProcedure } from "./every-procedure.ts";
import { emptyHome, type Run, runMain } from "./server-process.ts";

const methods = await everyProcedure();

/** What a caller of nothing may be told. */
const planned = ["invalid_argument", "not_found", "unimplemented", "unauthenticated"];

let home: Awaited<ReturnType<typeof emptyHome>>;
let run: Run;
let url: string;
beforeAll(async () => {
  home = await emptyHome();
  run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "warn"], {
    HOME: home.path,
    TMPDIR: home.path,
  });
  [, url = ""] = await run.printed(/ready on (http:\/\/localhost:\d+)/);
});
afterAll(async () => {
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);
  // Nothing that was asked for here is a fault of the server.
  expect(run.stderr()).not.toContain("call failed");
  await home.remove();
});

/** Words of the database or of our own code. */
const internals = /select |insert |relation|syntax error|duplicate key|violates|constraint|\bat .*\.js:/i;

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

function headers(method: DescMethod): Record<string, string> {
  const type = method.methodKind === "unary" ? "application/proto" : "application/connect+proto";
  // Streams that wait for something to happen come to an end too.
  return { "content-type": type, "connect-protocol-version": "1", "connect-timeout-ms": "1500" };
}

const body = (method: DescMethod): Uint8Array =>
  method.methodKind === "unary" ? new Uint8Array() : envelope(new Uint8Array());
const path = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

/** Undefined for an answer as it should be, else what is wrong with it. */
function fault(method: DescMethod, { status, body: bytes }: Answer): string | undefined {
  const named = `${method.parent.typeName}/${method.name}: ${status} `;
  const error = errorIn(method, status, bytes);
  if (error !== undefined) {
    const known = planned.includes(error.code ?? "") && (error.message ?? "") !== "";
    return known && !internals.test(error.message ?? "") ? undefined : named + JSON.stringify(error);
  }
  if (status !== 200) return named + bytes.toString("utf8");
  if (method.methodKind === "unary") fromBinary(method.output, bytes);
  return undefined;
}

interface WireError {
  readonly code?: string;
  readonly message?: string;
}

function errorIn(method: DescMethod, status: number, bytes: Buffer): WireError | undefined {
  if (status !== 200) return JSON.parse(bytes.toString("utf8")) as WireError;
  if (method.methodKind === "unary") return undefined;
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
    if (bytes.readUInt8(at) !== 2) continue;
    const ending = JSON.parse(bytes.toString("utf8", at + 5)) as { readonly error?: WireError };
    // A deadline of the test's own: the stream was fine and would have gone on.
    return ending.error?.code === "deadline_exceeded" ? undefined : ending.error;
  }
  return { code: "no end", message: "" };
}

describe("an empty message", () => {
  test("has a planned answer from every procedure, all on one connection of HTTP/1.1 [runs 169]", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let sockets = 0;
    const faults: string[] = [];
    for (const method of methods) {
      const outgoing = request(url + path(method), { method: "POST", agent, headers: headers(method) });
      outgoing.once("socket", () => {
        if (!outgoing.reusedSocket) sockets += 1;
      });
      outgoing.end(body(method));
      const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
      const found = fault(method, { status: incoming.statusCode ?? 0, body: await whole(incoming) });
      if (found !== undefined) faults.push(found);
    }
    agent.destroy();
    expect(faults).toEqual([]);
    expect(sockets).toBe(1);
  });

  test("has a planned answer from every procedure, all on one connection of HTTP/2 [runs 169]", async () => {
    const session = connect(url);
    const faults: string[] = [];
    for (const method of methods) {
      const stream = session.request({ ":method": "POST", ":path": path(method), ...headers(method) });
      stream.end(body(method));
      const [fields] = (await once(stream, "response")) as [Record<string, unknown>];
      const found = fault(method, { status: Number(fields[":status"]), body: await whole(stream) });
      if (found !== undefined) faults.push(found);
    }
    expect(faults).toEqual([]);
    expect(session.closed).toBe(false);
    session.destroy();
  });
});

/** Triggers are not served yet; what the contract says of them is proven where they will be. */
test.each([
  {
    name: "DeployTask without an id",
    path: "flyteidl2.task.TaskService/DeployTask",
    message: { spec: { taskTemplate: {} } },
    says: (answer: BodyStatus) => answer.code === "invalid_argument",
  },
  {
    name: "RecordActionEvents without events",
    path: "flyteidl2.workflow.InternalRunService/RecordActionEvents",
    message: {},
    // This one says so in its body: 3 is InvalidArgument.
    says: (answer: BodyStatus) => answer.status?.code === 3,
  },
])("$name is the caller's fault, told without a word of the database", async ({ path: at, message, says }) => {
  const answer = await fetch(`${url}/${at}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(message),
  });
  const text = await answer.text();
  expect(says(JSON.parse(text) as BodyStatus), text).toBe(true);
  expect(text).not.toMatch(internals);
});

interface BodyStatus extends WireError {
  readonly status?: { readonly code?: number };
}

async function whole(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
