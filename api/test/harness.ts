/** The API over a PostgreSQL and a store of its own, reached through real clients; only the actions service is played. */
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type ApiConfig, type ApiOptions, apiMigrations, apiSchema, apiSection, createApi } from "@flyte-dataplane/api";
import type { Clock } from "@flyte-dataplane/core";
import { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import {
  createDatabase,
  type Database,
  dynamicStatement,
  migrate,
  type SqlValue,
} from "@flyte-dataplane/runtime/database";
import { createMetrics, type MetricsRegistry, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createServer, directTransport, type Service } from "@flyte-dataplane/runtime/server";
import { createStores, type Stores } from "@flyte-dataplane/storage";
import { startTestPostgres } from "@flyte-dataplane/test-support";
import { type FakeActions, fakeActions } from "./fake-actions.ts";
import { silent } from "./silent.ts";

export interface HarnessOptions {
  /** Time of the API; the database keeps its own. */
  readonly clock?: Clock;
  readonly config?: Partial<ApiConfig>;
  /** Whether the loops that call the actions service run; default true. */
  readonly loops?: boolean;
  /** Listens on loopback instead of passing messages by reference. */
  readonly http?: boolean;
  /** A database that somebody else keeps; by default one on a server of this harness's own. */
  readonly url?: string;
  readonly random?: () => number;
  /** Opens the pages, filled with these clients' answers. */
  readonly pages?: NonNullable<ApiOptions["pages"]>;
}

export interface Harness {
  readonly service: Service;
  readonly transport: Transport;
  readonly runs: Client<typeof RunService>;
  readonly internal: Client<typeof InternalRunService>;
  readonly actions: FakeActions;
  readonly database: Database;
  readonly stores: Stores;
  readonly url: string;
  readonly metrics: MetricsRegistry;
  /** Where the API listens; empty without `http`. */
  readonly baseUrl: string;
  /** Stops listening, with what that ends. */
  stopServer(): Promise<void>;
  client<S extends DescService>(service: S): Client<S>;
  /** Rows of a query by column name. */
  rows<R extends object>(sql: string, values?: readonly SqlValue[]): Promise<readonly R[]>;
  /** Resolves once `condition` holds, looked at again after every notification on `channel`. */
  until(channel: string, condition: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** Where the harness keeps inputs. */
export const storagePrefix = "mem://flyte-data/metadata";

export async function startApi(options: HarnessOptions = {}): Promise<Harness> {
  const clock = options.clock ?? systemClock;
  const postgres = options.url === undefined ? await startTestPostgres() : undefined;
  const url = options.url ?? postgres?.url ?? "";
  const database = createDatabase({ url, clock: systemClock, logger: silent });
  await migrate(database, apiSchema, apiMigrations);
  const stores = createStores({ clock });
  const actions = fakeActions();
  const defaults = loadConfig([apiSection], { env: {} }).get(apiSection);
  const config = { ...defaults, storagePrefix, ...options.config };
  const metrics = createMetrics();
  const random = options.random === undefined ? {} : { random: options.random };
  const service = createApi({
    config,
    database,
    stores,
    actions: actions.client,
    clock,
    logger: silent,
    metrics,
    ...random,
    ...(options.pages === undefined ? {} : { pages: options.pages }),
  });
  const stop = new AbortController();
  const loops = options.loops === false ? [] : (service.loops ?? []).map((loop) => loop.run(stop.signal));
  const server = options.http
    ? await createServer({
        services: [service],
        host: "127.0.0.1",
        port: 0,
        clock: systemClock,
        logger: silent,
        metrics,
      })
    : undefined;
  const baseUrl = server === undefined ? "" : `http://127.0.0.1:${server.port}`;
  const transport =
    server === undefined
      ? directTransport(service.rpc, { logger: silent, freeze: true })
      : createConnectTransport({ baseUrl, httpVersion: "1.1" });
  const rows = async <R extends object>(sql: string, values: readonly SqlValue[] = []) =>
    (await database.query(dynamicStatement<R>(sql), values)).rows;
  return {
    service,
    transport,
    runs: createClient(RunService, transport),
    internal: createClient(InternalRunService, transport),
    actions,
    database,
    stores,
    url,
    metrics,
    baseUrl,
    stopServer: async () => {
      await server?.close();
    },
    client: (descriptor) => createClient(descriptor, transport),
    rows,
    until: (channel, condition) => until(database, channel, condition),
    close: async () => {
      stop.abort();
      await server?.close();
      await Promise.all(loops);
      await database.close();
      await stores.close();
      await postgres?.stop();
    },
  };
}

async function until(database: Database, channel: string, condition: () => Promise<boolean>): Promise<void> {
  let wake: () => void = () => undefined;
  let again = true;
  const look = () => {
    again = true;
    wake();
  };
  const subscription = await database.listen(channel, { notified: look, missed: look });
  try {
    while (again) {
      again = false;
      if (await condition()) return;
      if (!again) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    subscription.close();
  }
}

/** A server for a file whose tests each want a database of their own. */
export async function startDatabases(): Promise<{ create(): Promise<string>; close(): Promise<void> }> {
  const postgres = await startTestPostgres();
  const database = createDatabase({ url: postgres.url, clock: systemClock, logger: silent });
  let count = 0;
  return {
    create: async () => {
      count += 1;
      await database.query(dynamicStatement(`CREATE DATABASE test${count}`));
      const url = new URL(postgres.url);
      url.pathname = `/test${count}`;
      return url.href;
    },
    close: async () => {
      await database.close();
      await postgres.stop();
    },
  };
}
