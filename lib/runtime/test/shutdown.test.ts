import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { describe, expect, test } from "vitest";
import { type Server } from "../src/server/index.ts";
import { send, serve } from "./listening-server.ts";

describe("shutting down", () => {
  function client(server: Server, httpVersion: "1.1" | "2" = "1.1") {
    return createClient(
      RunService,
      createConnectTransport({ baseUrl: `http://localhost:${server.port}`, httpVersion }),
    );
  }
  async function code(call: Promise<unknown>): Promise<string> {
    return call.then(
      () => "ended",
      (error: unknown) => (error instanceof ConnectError ? (Code[error.code] ?? "") : String(error)),
    );
  }
  async function drain(messages: AsyncIterable<unknown>): Promise<void> {
    for await (const message of messages) void message;
  }

  test.each([
    { org: "quiet", httpVersion: "1.1" },
    { org: "deaf", httpVersion: "1.1" },
    { org: "quiet", httpVersion: "2" },
  ] as const)(
    "a watch that is $org ends with unavailable at once over HTTP/$httpVersion",
    async ({ org, httpVersion }) => {
      const server = await serve();
      const begun = server.recorded.waiting();
      const call = code(drain(client(server, httpVersion).watchRuns({ target: { case: "org", value: org } })));
      await begun;
      await server.close();
      expect(await call).toBe("Unavailable");
      expect(server.recorded.errors).toEqual([]);
    },
  );

  test("a unary call that ends within the deadline is answered; new connections are refused meanwhile", async () => {
    let finish: () => void = () => undefined;
    let reached: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const slow = (): Promise<string> => {
      reached();
      return new Promise((resolve) => {
        finish = () => resolve("done");
      });
    };
    const server = await serve({ services: [{ name: "files", rpc: [], http: (app) => void app.get("/slow", slow) }] });
    const answer = send(server, { path: "/slow" });
    await begun;
    const closing = server.close();
    await expect(send(server, { path: "/healthz" })).rejects.toThrow("ECONNREFUSED");
    finish();
    expect((await answer).body.toString()).toBe("done");
    await closing;
  });

  test("a unary call that outlasts the deadline is unavailable", async () => {
    const server = await serve({ drainMs: 20 });
    const begun = server.recorded.waiting();
    const call = code(client(server).getRunDetails({ runId: { name: "slow" } }));
    await begun;
    await server.close();
    expect(await call).toBe("Unavailable");
  });
});
