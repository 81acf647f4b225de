import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type FaultProxy, type SeenRequest, startFaultProxy } from "@flyte-dataplane/test-support";
import type { Case, Dialect, FaultSpec, Plan, Signals, World } from "./case.ts";
import { judge } from "./judge.ts";
import { type ObjectStore, readBelow } from "./object-store.ts";
import type { Observation } from "./observation.ts";
import { filesBelow, observeLocal, observeRemote, observeStrays, observeStreams } from "./observe.ts";
import { type Binary, type Run, start, untilWaiting } from "./program.ts";
import { startWebServer, type WebServer } from "./web-server.ts";
import { writeFiles } from "./write-files.ts";

/** What came of one case. */
export interface Outcome {
  readonly world: World;
  readonly seen: Observation;
  /** What is not as predicted; undefined where the dialect is not judged. */
  readonly faults: readonly string[] | undefined;
}

/** Runs one case after the other, with a proxy and a web server of its own. */
export interface Lane {
  run(one: Case, id: number): Promise<Outcome>;
  stop(): Promise<void>;
}

export async function startLane(binary: Binary, dialect: Dialect, store: ObjectStore): Promise<Lane> {
  const [proxy, web] = [await startFaultProxy(store.endpoint), await startWebServer()];
  return {
    async run(one, id) {
      const work = await mkdtemp(path.join(tmpdir(), "copilot-harness-"));
      try {
        const world =
          one.store === "files" ? filesWorld(work, dialect, web) : worldOf({ work, dialect, store, proxy, web, id });
        const plan = one.plan(world);
        const seen = await observed({ plan, world, binary, store, proxy, web, id });
        return { world, seen, faults: one.dialects.includes(dialect) ? judge(plan.expect, seen) : undefined };
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
    async stop() {
      await proxy.close();
      await web.stop();
    },
  };
}

interface Places {
  readonly work: string;
  readonly dialect: Dialect;
  readonly store: ObjectStore;
  readonly proxy: FaultProxy;
  readonly web: WebServer;
  readonly id: number;
}

function worldOf({ work, dialect, store, proxy, web, id }: Places): World {
  const { bucket, otherBucket, region, accessKeyId, secretKey } = store;
  const folder = folderOf(id);
  const base = `s3://${bucket}/${folder}`;
  return {
    dialect,
    work,
    base,
    locate(place) {
      if ("key" in place) return `${base}/${inUri(place.key)}`;
      if ("other" in place) return `s3://${otherBucket}/${folder}/${inUri(place.other)}`;
      return "web" in place ? `${web.origin}${place.web}` : place.uri.replaceAll("{base}", base);
    },
    store: { kind: "s3", bucket, otherBucket, endpoint: proxy.endpoint, region, accessKeyId, secretKey },
  };
}

/** Data in files: ours takes plain paths, the reference a folder of its own below a configured one. */
function filesWorld(work: string, dialect: Dialect, web: WebServer): World {
  const base = dialect === "ours" ? `${work}/${filesBucket}` : `file://${filesBucket}`;
  const nowhere = { otherBucket: "", endpoint: "", region: "", accessKeyId: "", secretKey: "" };
  return {
    dialect,
    work,
    base,
    locate(place) {
      if ("key" in place) return `${base}/${dialect === "ours" ? place.key : inUri(place.key)}`;
      if ("other" in place) throw new Error("files have no other bucket");
      return "web" in place ? `${web.origin}${place.web}` : place.uri.replaceAll("{base}", base);
    },
    store: { kind: "files", bucket: filesBucket, ...nowhere },
  };
}

const filesBucket = "store";

function folderOf(id: number): string {
  return `c/${id}`;
}

/** Keys stand in locations as they are, but for the marks that would end or escape one. */
function inUri(key: string): string {
  return key.replace(/[%?#]/g, (mark) => encodeURIComponent(mark));
}

interface Setting extends Omit<Places, "work" | "dialect"> {
  readonly plan: Plan;
  readonly world: World;
  readonly binary: Binary;
}

async function observed({ plan, world, binary, store, proxy, web, id }: Setting): Promise<Observation> {
  const folder = folderOf(id);
  const objects = new Map(Object.entries(plan.objects ?? {}));
  const inFiles = path.join(world.work, filesBucket);
  if (world.store.kind === "files") await writeFiles(inFiles, Object.fromEntries(objects));
  else for (const [key, content] of objects) await store.put(`${folder}/${key}`, content);
  for (const [key, content] of Object.entries(plan.otherObjects ?? {}))
    await store.put(`${folder}/${key}`, content, store.otherBucket);
  await writeFiles(world.work, plan.files ?? {});
  const cwd = path.join(world.work, "cwd");
  await mkdir(cwd, { recursive: true });
  const before = await filesBelow(world.work);
  web.answers = plan.web ?? {};
  await proxy.reset();
  const around: { run?: Run } = {};
  for (const fault of plan.faults ?? []) inject(proxy, fault);
  if (plan.signals !== undefined) injectSignals(proxy, plan.signals, around);
  const run = start(binary, plan.args, { cwd, env: plan.env ?? {} });
  around.run = run;
  const waited = plan.signals !== undefined && (await signal(run, plan.signals, world, proxy));
  const ended = await run.ended;
  return {
    ...observeStreams(ended),
    ...(await observeLocal(path.join(world.work, "in"))),
    remote: observeRemote(
      objects,
      world.store.kind === "files" ? await readBelow(inFiles) : await store.below(folder),
      plan.documents,
    ),
    strays: await observeStrays(world.work, before),
    waited,
    requests: requestsOf(proxy, `/${store.bucket}/${folder}/`, `${folder}/`),
  };
}

function inject(proxy: FaultProxy, { key, method, effect, times = 1 }: FaultSpec): void {
  proxy.inject({ when: (request) => meets(request, key, method), effect, times });
}

function meets(request: SeenRequest, key: string, method?: string): boolean {
  if (method !== undefined && request.method !== method) return false;
  if (key === "?list") return isList(request);
  return !isList(request) && keyOf(request).endsWith(key);
}

function isList({ target }: SeenRequest): boolean {
  return /[?&](list-type|prefix|delimiter|marker)=/.test(target);
}

function keyOf({ target }: SeenRequest): string {
  return decodeURIComponent(target.split("?")[0] ?? "");
}

/** Signals that a request sets off: the proxy holds it until the program has had the signal. */
function injectSignals(proxy: FaultProxy, signals: Signals, around: { run?: Run }): void {
  if (signals.at === "waiting") return;
  const { key } = signals;
  const hold = async (): Promise<void> => {
    around.run?.child.kill("SIGTERM");
    if (signals.at === "request" && signals.stall === true) await around.run?.ended;
  };
  proxy.inject({ when: (request) => meets(request, key), effect: { kind: "hold-request", afterBytes: 0, hold } });
}

/** Whether the program waited for the signal that it was sent. */
async function signal(run: Run, signals: Signals, { work }: World, proxy: FaultProxy): Promise<boolean> {
  if (signals.at === "request") return false;
  await untilWaiting(run, () => proxy.requests.length);
  if (signals.at === "waiting" && signals.leaves !== undefined) await writeFiles(work, signals.leaves);
  const { exitCode, signalCode } = run.child;
  run.child.kill("SIGTERM");
  return exitCode === null && signalCode === null;
}

function requestsOf({ requests }: FaultProxy, objects: string, folder: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const request of requests) {
    const name = isList(request)
      ? `LIST ${listed(request, folder)}`
      : `${request.method} ${objectOf(request, objects)}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function objectOf(request: SeenRequest, objects: string): string {
  const key = keyOf(request);
  return key.startsWith(objects) ? key.slice(objects.length) : key;
}

function listed({ target }: SeenRequest, folder: string): string {
  const prefix = new URL(target, "http://store").searchParams.get("prefix") ?? "";
  return prefix.startsWith(folder) ? prefix.slice(folder.length) : prefix;
}
