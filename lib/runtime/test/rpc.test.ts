/** What callers see must not depend on whether a call crosses a socket. */
import { Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { RunService, type WatchRunsResponse } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { describe, expect, test } from "vitest";
import { createMetrics, systemClock } from "../src/lifecycle/index.ts";
import { createServer, directTransport } from "../src/server/index.ts";
import { type Recorded, runService } from "./run-service.ts";

interface Reach {
  readonly transport: Transport;
  close(): Promise<void>;
}

const ways: Readonly<Record<string, (recorded: Recorded, interceptors: Interceptor[]) => Promise<Reach>>> = {
  direct: async (recorded, interceptors) => ({
    transport: directTransport(recorded.services, { interceptors, freeze: true, logger: recorded.logger }),
    close: async () => undefined,
  }),
  "Connect, binary": async (recorded, interceptors) =>
    served(recorded, (baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true, interceptors }),
    ),
  "Connect, JSON": async (recorded, interceptors) =>
    served(recorded, (baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, interceptors }),
    ),
  "gRPC-Web": async (recorded, interceptors) =>
    served(recorded, (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1", interceptors })),
  "gRPC over HTTP/2": async (recorded, interceptors) =>
    served(recorded, (baseUrl) => createGrpcTransport({ baseUrl, interceptors })),
  "Connect over HTTP/2": async (recorded, interceptors) =>
    served(recorded, (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", interceptors })),
};

async function served(recorded: Recorded, connect: (baseUrl: string) => Transport): Promise<Reach> {
  const server = await createServer({
    services: [{ name: "test", rpc: recorded.services }],
    host: "localhost",
    port: 0,
    clock: systemClock,
    logger: recorded.logger,
    metrics: createMetrics(),
  });
  return { transport: connect(`http://localhost:${server.port}`), close: () => server.close() };
}

async function failure(call: Promise<unknown>): Promise<{ code: string; message: string; header: string | null }> {
  const error = await call.then(
    () => new Error("no error"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw error;
  return { code: Code[error.code], message: error.rawMessage, header: error.metadata.get("retry-after") };
}

async function names(messages: AsyncIterable<WatchRunsResponse>): Promise<string[]> {
  const found: string[] = [];
  for await (const message of messages) found.push(...message.runs.map((run) => run.action?.id?.name ?? ""));
  return found;
}

const run = (name: string) => ({ runId: { name } });
const org = (value: string) => ({ target: { case: "org", value } as const });

describe.each(Object.entries(ways).map(([name, open]) => ({ name, open })))("over $name", ({ open }) => {
  async function reached(
    body: (client: ReturnType<typeof createClient<typeof RunService>>, recorded: Recorded) => Promise<void>,
    interceptors: Interceptor[] = [],
  ): Promise<void> {
    const recorded = runService();
    const reach = await open(recorded, interceptors);
    try {
      await body(createClient(RunService, reach.transport), recorded);
    } finally {
      await reach.close();
    }
  }

  test("a header that HTTP does not allow fails the call that sets it, and no other", () =>
    reached(async (client, { errors }) => {
      for (const name of ["illegal", "illegal-trailer"])
        expect(await failure(client.getRunDetails(run(name)))).toMatchObject({
          code: "Internal",
          message: "internal error",
        });
      expect(await failure(names(client.watchRuns(org("illegal"))))).toMatchObject({ code: "Internal" });
      expect(errors).toHaveLength(3);
      expect(String(errors[0]?.["error"])).toContain("header x-file");
      expect(await failure(client.getRunDetails(run("illegal-error")))).toMatchObject({
        code: "NotFound",
        message: "no",
      });
      expect((await client.getRunDetails(run("r"))).details?.action?.id?.name).toBe("r");
    }));

  test("a unary call brings its message and both sides' headers", () =>
    reached(async (client) => {
      let echo: string | null = null;
      const options = {
        headers: { "x-say": "hello" },
        onHeader: (headers: Headers) => void (echo = headers.get("x-echo")),
      };
      const answer = await client.getRunDetails(run("r1"), options);
      expect(answer.details?.action?.id?.name).toBe("r1");
      expect(echo).toBe("hello");
    }));

  test("a stream brings its messages in order, then ends", () =>
    reached(async (client) => expect(await names(client.watchRuns(org("o")))).toEqual(["a", "b", "c"])));

  test("a planned error keeps its code and message", () =>
    reached(async (client, recorded) => {
      expect(await failure(client.getRunDetails(run("absent")))).toMatchObject({
        code: "NotFound",
        message: 'get run "absent": no such run',
      });
      expect(await failure(names(client.watchRuns(org("absent"))))).toMatchObject({
        code: "NotFound",
        message: 'watch "absent": no such organization',
      });
      expect(recorded.errors).toEqual([]);
    }));

  test("an error's own headers reach the caller", () =>
    reached(async (client) =>
      expect(await failure(client.getRunDetails(run("detailed")))).toEqual({
        code: "ResourceExhausted",
        message: "too many",
        header: "3",
      }),
    ));

  test("an unplanned error reads internal error, and its cause is logged once", () =>
    reached(async (client, recorded) => {
      expect(await failure(client.getRunDetails(run("broken")))).toMatchObject({
        code: "Internal",
        message: "internal error",
      });
      expect(recorded.errors).toHaveLength(1);
      expect(recorded.errors[0]?.["error"]).toBeInstanceOf(TypeError);
      expect(await failure(names(client.watchRuns(org("broken"))))).toMatchObject({
        code: "Internal",
        message: "internal error",
      });
      expect(recorded.errors).toHaveLength(2);
    }));

  test("a method without a handler is unimplemented", () =>
    reached(async (client) =>
      expect(await failure(client.abortRun(run("r")))).toMatchObject({ code: "Unimplemented" }),
    ));

  test("a deadline ends the call with deadline exceeded, for the handler too", () =>
    reached(async (client, recorded) => {
      // Long enough for a loaded machine to reach the handler, whose end is what is looked at.
      expect(await failure(client.getRunDetails(run("slow"), { timeoutMs: 1_000 }))).toMatchObject({
        code: "DeadlineExceeded",
      });
      expect(await failure(names(client.watchRuns(org("quiet"), { timeoutMs: 1_000 })))).toMatchObject({
        code: "DeadlineExceeded",
      });
      await expect.poll(() => recorded.ended).toEqual(["aborted"]);
      expect(recorded.errors).toEqual([]);
    }));

  test("a caller who leaves is canceled, and the handler's signal aborts", () =>
    reached(async (client, recorded) => {
      const abort = new AbortController();
      const begun = recorded.waiting();
      const call = failure(names(client.watchRuns(org("quiet"), { signal: abort.signal })));
      await begun;
      abort.abort();
      expect(await call).toMatchObject({ code: "Canceled" });
      await expect.poll(() => recorded.ended).toEqual(["aborted"]);
      expect(recorded.errors).toEqual([]);
    }));

  test("a caller who stops reading and aborts ends the handler", () =>
    reached(async (client, recorded) => {
      const abort = new AbortController();
      for await (const message of client.watchRuns(org("o"), { signal: abort.signal })) {
        expect(message.runs).toHaveLength(1);
        break;
      }
      abort.abort();
      await expect.poll(() => recorded.ended.length).toBe(1);
    }));

  test("interceptors see every call", () => {
    const seen: string[] = [];
    const interceptor: Interceptor = (next) => async (call) => {
      seen.push(call.method.name);
      call.header.set("x-say", "intercepted");
      return next(call);
    };
    return reached(
      async (client) => {
        let echo: string | null = null;
        await client.getRunDetails(run("r"), { onHeader: (headers) => void (echo = headers.get("x-echo")) });
        await names(client.watchRuns(org("o")));
        expect(seen).toEqual(["GetRunDetails", "WatchRuns"]);
        expect(echo).toBe("intercepted");
      },
      [interceptor],
    );
  });
});

test("a handler that writes to a message of a direct call is caught when messages are frozen", async () => {
  const recorded = runService();
  const client = createClient(
    RunService,
    directTransport(recorded.services, { freeze: true, logger: recorded.logger }),
  );
  expect(await failure(client.getRunDetails(run("writes")))).toMatchObject({ code: "Internal" });
  expect(String(recorded.errors[0]?.["error"])).toContain("read only");
});
