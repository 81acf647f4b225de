/** A dataproxy that listens on loopback over a real folder; only the sibling services are played by handlers. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import {
  createDataproxy,
  type DataproxyConfig,
  type DataproxyOptions,
  dataproxySection,
  type LogEntry,
  type LogReader,
} from "@flyte-dataplane/dataproxy";
import { ProjectService } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import { TriggerService } from "@flyte-dataplane/proto/flyteidl2/trigger/trigger_service";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import { createMetrics, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createServer, directTransport, type Handlers, rpc } from "@flyte-dataplane/runtime/server";
import { createStores, loadSigningKey, type S3Settings, type Stores } from "@flyte-dataplane/storage";

export interface Siblings {
  readonly runs?: Handlers<typeof RunService>;
  readonly projects?: Handlers<typeof ProjectService>;
  readonly tasks?: Handlers<typeof TaskService>;
  readonly triggers?: Handlers<typeof TriggerService>;
  readonly logs?: LogReader;
  readonly config?: (defaults: DataproxyConfig) => DataproxyConfig;
  /** Pages that may call; none by default. */
  readonly origins?: readonly string[];
  /** Names beside the loopback ones. */
  readonly hostNames?: readonly string[];
  /** Who calls, by a header of the test's own, and what they may. */
  readonly subjectHeader?: string;
  readonly authorize?: DataproxyOptions["authorize"];
  readonly logger?: Logger;
  /** In place of a folder. */
  readonly store?: ObjectStore;
}

export interface ObjectStore {
  readonly base: string;
  /** Where `base` is on S3. */
  readonly s3?: S3Settings;
  readonly links?: DataproxyOptions["storeLinks"];
}

export interface Harness {
  readonly transport: Transport;
  readonly url: string;
  /** The storage folder, or the address below which everything lies. */
  readonly base: string;
  readonly stores: Stores;
  readonly clock: SettableClock;
  close(): Promise<void>;
}

export interface SettableClock extends Clock {
  /** Milliseconds added to the machine's clock. */
  offset: number;
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

export async function openDataproxy(siblings: Siblings = {}): Promise<Harness> {
  const folder = await mkdtemp(join(tmpdir(), "fdp-dataproxy-"));
  const { base = folder, s3, links } = siblings.store ?? {};
  const clock: SettableClock = {
    offset: 0,
    now: () => Date.now() + clock.offset,
    sleep: (ms, options) => systemClock.sleep(ms, options),
  };
  let url = "";
  const key = await loadSigningKey(join(folder, "signing.key"));
  const metrics = createMetrics();
  const stores = createStores({
    clock,
    metrics,
    file: { durability: "fast", signing: { key, endpoint: () => url } },
    ...(s3 !== undefined && { s3, network: { env: {}, writes: "async" } }),
  });
  const siblingTransport = directTransport(
    [
      rpc(RunService, siblings.runs ?? {}),
      rpc(ProjectService, siblings.projects ?? { getProject: knownProject }),
      rpc(TaskService, siblings.tasks ?? {}),
      rpc(TriggerService, siblings.triggers ?? {}),
    ],
    { logger: silent, freeze: true },
  );
  const defaults = loadConfig([dataproxySection], { env: {} }).get(dataproxySection);
  const service = createDataproxy({
    config: siblings.config?.(defaults) ?? defaults,
    base,
    stores,
    ...(links !== undefined && { storeLinks: links }),
    runs: createClient(RunService, siblingTransport),
    projects: createClient(ProjectService, siblingTransport),
    tasks: createClient(TaskService, siblingTransport),
    triggers: createClient(TriggerService, siblingTransport),
    logs: siblings.logs ?? { read: noLogs },
    ...(siblings.authorize !== undefined && { authorize: siblings.authorize }),
    clock,
    logger: siblings.logger ?? silent,
    metrics,
  });
  const { subjectHeader } = siblings;
  const server = await createServer({
    ...(subjectHeader !== undefined && {
      identity: {
        authenticate: (header: Headers) => ({ subject: header.get(subjectHeader) ?? "" }),
        authorize: () => undefined,
      },
    }),
    services: [service],
    host: "localhost",
    port: 0,
    hostNames: siblings.hostNames ?? [],
    origins: siblings.origins ?? [],
    clock,
    logger: siblings.logger ?? silent,
    metrics,
  });
  url = `http://localhost:${server.port}`;
  return {
    transport: createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: true }),
    url,
    base,
    stores,
    clock,
    close: async () => {
      await server.close();
      await stores.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Knows "flytesnacks" alone; "down" stands for a project service that does not answer. */
function knownProject({
  id,
}: {
  readonly id: string;
}): never | { readonly $typeName: "flyteidl2.project.GetProjectResponse" } {
  if (id === "flytesnacks") return { $typeName: "flyteidl2.project.GetProjectResponse" };
  if (id === "down") throw new ConnectError("no connection", Code.Unavailable);
  throw new DataPlaneError("not_found", `get project "${id}": there is none`);
}

async function* noLogs(): AsyncIterable<readonly LogEntry[]> {
  yield* [];
  throw new DataPlaneError("unavailable", "tail logs: no cluster is configured");
}
