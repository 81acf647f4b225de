import { once } from "node:events";
import { createServer as createNetServer } from "node:net";
import { DataPlaneError } from "@flyte-dataplane/core";
import { describe, expect, test } from "vitest";
import { createMetrics } from "../src/lifecycle/index.ts";
import type { Service } from "../src/server/index.ts";
import { details, proto, send, serve, unaryPath } from "./listening-server.ts";

describe("listening", () => {
  test("one port answers on both loopback families", async () => {
    const server = await serve();
    expect(server.urls).toEqual([`http://127.0.0.1:${server.port}`, `http://[::1]:${server.port}`]);
    for (const host of ["127.0.0.1", "::1"]) expect((await send(server, { path: "/healthz", host })).status).toBe(200);
  });

  test("a port in use is refused in one line that names it", async () => {
    const taken = createNetServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const refused = await serve({ port }).catch((error: unknown) => error);
    taken.close();
    expect(refused).toBeInstanceOf(DataPlaneError);
    expect(refused).toMatchObject({
      code: "already_exists",
      message: `listen localhost:${port}: the port is in use; choose another with --port, or 0 for any that is free`,
    });
  });
});

describe("health", () => {
  test("readyz names each check that fails, with its reason", async () => {
    const health = [
      { name: "database", check: () => Promise.reject(new Error("no connection")) },
      { name: "store", check: () => Promise.resolve() },
    ];
    const server = await serve({ services: [{ name: "cache", rpc: [], health }] });
    const answer = await send(server, { path: "/readyz" });
    expect(answer.status).toBe(503);
    expect(answer.body.toString()).toBe("cache/database: no connection");
    expect((await send(server, { path: "/healthz" })).status).toBe(200);
  });

  test("readyz shows no signature of a link that failed", async () => {
    const failed = "get https://b/x?X-Amz-Signature=abc: no answer";
    const health = [{ name: "store", check: () => Promise.reject(new Error(failed)) }];
    const server = await serve({ services: [{ name: "cache", rpc: [], health }] });
    const answer = await send(server, { path: "/readyz" });
    expect(answer.body.toString()).toBe("cache/store: get https://b/x?[hidden] no answer");
  });

  test("a check that hangs makes the process not ready", async () => {
    let slept = 0;
    const clock = {
      now: () => 0,
      sleep: (ms: number) => {
        slept = ms;
        return Promise.resolve();
      },
    };
    const server = await serve({
      clock,
      services: [{ name: "cache", rpc: [], health: [{ name: "database", check: () => new Promise(() => undefined) }] }],
    });
    const answer = await send(server, { path: "/readyz" });
    expect(answer.body.toString()).toBe("cache/database: no answer within 2000 ms");
    expect(slept).toBe(2000);
  });

  test("metrics shows what services counted", async () => {
    const metrics = createMetrics();
    metrics.counter({ name: "things_total", help: "Things.", labels: ["kind"] }).add(3, { kind: "a" });
    const server = await serve({ metrics });
    const answer = await send(server, { path: "/metrics" });
    expect(answer.body.toString()).toContain('things_total{kind="a"} 3');
  });

  test("metrics counts calls by procedure and code", async () => {
    const server = await serve();
    for (const name of ["r", "absent", "absent"])
      await send(server, { path: unaryPath, headers: proto, body: details(name) });
    const shown = (await send(server, { path: "/metrics" })).body.toString();
    const labels = 'service="flyteidl2.workflow.RunService",method="GetRunDetails"';
    expect(shown).toContain(`rpc_server_calls_total{${labels},code="ok"} 1`);
    expect(shown).toContain(`rpc_server_calls_total{${labels},code="not_found"} 2`);
    expect(shown).toContain(`rpc_server_seconds_count{${labels}} 3`);
  });

  test("a service's own route is reached, and an unknown path is not found", async () => {
    const server = await serve({
      services: [{ name: "files", rpc: [], http: (app) => void app.get("/files/:name", (request) => request.params) }],
    });
    expect((await send(server, { path: "/files/x" })).body.toString()).toBe('{"name":"x"}');
    expect((await send(server, { path: "/nothing?signature=1" })).body.toString()).toBe("nothing at GET /nothing\n");
  });
});

describe("a route that fails", () => {
  const failing = (error: Error) => ({
    services: [
      { name: "files", rpc: [], http: (app) => void app.get("/fails", () => Promise.reject(error)) } satisfies Service,
    ],
  });

  test("unplanned tells its caller nothing of it, and the log all", async () => {
    const error = new TypeError("secret detail");
    const server = await serve(failing(error));
    const answer = await send(server, { path: "/fails?signature=1" });
    expect([answer.status, answer.body.toString()]).toEqual([500, "internal error\n"]);
    expect(server.recorded.errors).toEqual([{ verb: "GET", path: "/fails", error }]);
  });

  test("as planned answers with its message and a status of its code", async () => {
    const server = await serve(failing(new DataPlaneError("not_found", "get x: no such file")));
    const answer = await send(server, { path: "/fails" });
    expect([answer.status, answer.body.toString()]).toEqual([404, "get x: no such file\n"]);
    expect(server.recorded.errors).toEqual([]);
  });
});

describe("who may call", () => {
  test.each(["localhost", "127.0.0.1", "[::1]", "LOCALHOST:1", "localhost."])(
    "host %s is one of ours",
    async (host) => {
      expect((await send(await serve(), { path: "/healthz", headers: { host } })).status).toBe(200);
    },
  );

  test.each(["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:80", "localhost@evil.example"])(
    "host %s is refused",
    async (host) => {
      const server = await serve();
      for (const path of ["/healthz", unaryPath]) {
        const answer = await send(server, { path, headers: { ...proto, host }, body: details("r"), method: "POST" });
        expect(answer.status).toBe(403);
      }
    },
  );

  test("a configured name is one of ours", async () => {
    const server = await serve({ hostNames: ["data.example"] });
    expect((await send(server, { path: "/healthz", headers: { host: "data.example:80" } })).status).toBe(200);
  });

  test.each([
    { name: "a preflight", method: "OPTIONS", headers: { "access-control-request-method": "POST" } },
    { name: "a simple request", method: "POST", headers: { "content-type": "text/plain" } },
    { name: "a procedure call", method: "POST", headers: proto },
  ])("$name of a page on another origin is refused before any handler runs", async ({ method, headers }) => {
    const server = await serve();
    for (const origin of ["https://evil.example", "null", "http://localhost:1"]) {
      const answer = await send(server, {
        path: unaryPath,
        method,
        headers: { ...headers, origin },
        body: details("broken"),
      });
      expect(answer.status).toBe(403);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect(server.recorded.errors).toEqual([]);
  });

  test("a page on an allowed origin may call, and its preflight is answered [runs 4]", async () => {
    const origin = "http://localhost:3000";
    const server = await serve({ origins: [origin] });
    const asked = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,connect-protocol-version",
    };
    const preflight = await send(server, { path: unaryPath, method: "OPTIONS", headers: asked });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-headers": "content-type,connect-protocol-version",
    });
    const call = await send(server, { path: unaryPath, headers: { ...proto, origin }, body: details("r") });
    expect(call.status).toBe(200);
    expect(call.headers["access-control-allow-origin"]).toBe(origin);
  });
});
