import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { DataPlaneError, type Logger } from "@flyte-dataplane/core";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { expect, test } from "vitest";
import { type CallContext, type Identity, rpc, type Server, type Service } from "../src/server/index.ts";
import { send, serve } from "./listening-server.ts";

/** Knows two people by a header; one of them may only watch. */
const identity: Identity = {
  authenticate: async (header) => {
    const subject = header.get("x-who") ?? "";
    await Promise.resolve();
    if (subject === "") throw new DataPlaneError("unauthenticated", "say who you are");
    return { subject };
  },
  authorize: ({ subject }, intent) => {
    const harmless = intent.kind === "procedure" && intent.method.name.startsWith("Watch");
    if (subject === "guest" && !harmless) throw new DataPlaneError("permission_denied", "guests may only watch");
  },
};

async function start(): Promise<{ server: Server; callers: string[] }> {
  const callers: string[] = [];
  const note = ({ caller }: CallContext): void => void callers.push(caller?.subject ?? "nobody");
  const service: Service = {
    name: "runs",
    rpc: [
      rpc(RunService, {
        getRunDetails: (_request, context) => {
          note(context);
          return { $typeName: "flyteidl2.workflow.GetRunDetailsResponse" };
        },
        watchRuns: async function* (_request, context) {
          note(context);
          yield { $typeName: "flyteidl2.workflow.WatchRunsResponse", runs: [] };
        },
      }),
    ],
    http: (app) => {
      app.get("/page", () => "a page");
      app.get("/link", { config: { open: true } }, () => "a link");
    },
  };
  return { server: await serve({ identity, services: [service] }), callers };
}

function as(server: Server, subject: string) {
  const client = createClient(
    RunService,
    createConnectTransport({ baseUrl: `http://localhost:${server.port}`, httpVersion: "1.1" }),
  );
  const headers = subject === "" ? {} : { "x-who": subject };
  const told = async (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => "ok",
      (error: unknown) => (error instanceof ConnectError ? (Code[error.code] ?? "") : String(error)),
    );
  return {
    get: () => told(client.getRunDetails({}, { headers })),
    watch: () =>
      told(
        (async () => {
          for await (const message of client.watchRuns({}, { headers })) void message;
        })(),
      ),
    page: async (path: string) => (await send(server, { path, headers })).status,
  };
}

test("nobody gets past an identity unknown, in a call, a stream or a page, and no handler runs", async () => {
  const { server, callers } = await start();
  const nobody = as(server, "");
  expect([await nobody.get(), await nobody.watch()]).toEqual(["Unauthenticated", "Unauthenticated"]);
  expect([await nobody.page("/page"), await nobody.page("/nowhere")]).toEqual([401, 401]);
  expect(callers).toEqual([]);
});

test("who is known may do what the identity allows, and the handler learns who it is", async () => {
  const { server, callers } = await start();
  const guest = as(server, "guest");
  expect([await guest.get(), await guest.watch(), await guest.page("/page")]).toEqual(["PermissionDenied", "ok", 403]);
  const owner = as(server, "owner");
  expect([await owner.get(), await owner.watch(), await owner.page("/page")]).toEqual(["ok", "ok", 200]);
  expect(callers).toEqual(["guest", "owner", "owner"]);
});

test("health, figures and links that carry their own proof ask nobody", async () => {
  const { server } = await start();
  const nobody = as(server, "");
  for (const path of ["/healthz", "/readyz", "/metrics", "/link"]) expect(await nobody.page(path)).toBe(200);
});

test.each([
  { host: "0.0.0.0", with: "nobody to ask", identity: undefined, warnings: 1 },
  { host: "0.0.0.0", with: "an identity", identity, warnings: 0 },
  { host: "localhost", with: "nobody to ask", identity: undefined, warnings: 0 },
])("listening on $host with $with warns $warnings times", async ({ host, identity: asked, warnings }) => {
  const warned: string[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_fields, message) => void warned.push(message),
    error: () => undefined,
    child: () => logger,
  };
  await serve({ host, logger, ...(asked && { identity: asked }) });
  expect(warned.filter((message) => message.includes("without authentication"))).toHaveLength(warnings);
});
