/** Ends processes and removes directories of Pods that nobody keeps any more. */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@flyte-dataplane/core";
import { type PodDirectory, podDirectory, type RunDirectory } from "./pod-directory.ts";
import { isAlive, type ProcessIdentity, parseIdentity, signalGroup } from "./process-identity.ts";

export interface ReapOptions {
  readonly clock: Clock;
  /** Between SIGTERM and SIGKILL; 0 kills at once. */
  readonly graceMs: number;
  /** Uids of Pods to leave alone. */
  readonly spare: ReadonlySet<string>;
}

/** Stops every process of the Pods under `pods`, but for those spared; resolves once none of them runs. */
export async function reapPods(pods: string, { clock, graceMs, spare }: ReapOptions): Promise<number> {
  const uids = (await names(pods)).filter((uid) => !spare.has(uid));
  const all = (await Promise.all(uids.map((uid) => processes(podDirectory(pods, uid))))).flat();
  const living = await alive(all.map(({ identity }) => identity));
  for (const { identity, run } of all) if (living.includes(identity)) await writeFile(run.reaped, "");
  let running = living;
  const killAtMs = clock.now() + graceMs;
  if (graceMs > 0) for (const identity of running) await signalGroup(identity, "SIGTERM");
  while (running.length > 0) {
    if (clock.now() >= killAtMs) for (const identity of running) await signalGroup(identity, "SIGKILL");
    await clock.sleep(10);
    running = await alive(running);
  }
  return living.length;
}

export interface CollectOptions {
  readonly clock: Clock;
  readonly olderThanMs: number;
  /** Uids of Pods that are still stored. */
  readonly spare: ReadonlySet<string>;
}

/** Removes the directories of Pods that are not stored any more and ended at least `olderThanMs` ago; returns how many. */
export async function collectPodDirectories(
  pods: string,
  { clock, olderThanMs, spare }: CollectOptions,
): Promise<number> {
  let removed = 0;
  for (const uid of await names(pods)) {
    const directory = podDirectory(pods, uid);
    if (spare.has(uid) || clock.now() - (await lastChangeMs(directory)) < olderThanMs) continue;
    const identities = (await processes(directory)).map(({ identity }) => identity);
    if ((await alive(identities)).length > 0) continue;
    await rm(directory.path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

interface RunProcess {
  readonly run: RunDirectory;
  readonly identity: ProcessIdentity;
}

async function processes(pod: PodDirectory): Promise<readonly RunProcess[]> {
  const found: RunProcess[] = [];
  for (const container of await names(pod.path)) {
    for (const restart of await names(pod.container(container))) {
      if (!/^\d+$/.test(restart)) continue;
      const run = pod.run(container, Number(restart));
      const identity = parseIdentity(await readFile(run.identity, "utf8").catch(() => ""));
      if (identity !== undefined) found.push({ run, identity });
    }
  }
  return found;
}

async function alive(all: readonly ProcessIdentity[]): Promise<readonly ProcessIdentity[]> {
  const answers = await Promise.all(all.map(isAlive));
  return all.filter((_, index) => answers[index] === true);
}

/** The newest time among the Pod's directory and those of its runs: good enough to tell days. */
async function lastChangeMs(pod: PodDirectory): Promise<number> {
  let latest = await changedAt(pod.path);
  for (const container of await names(pod.path)) {
    for (const restart of await names(pod.container(container))) {
      latest = Math.max(latest, await changedAt(join(pod.container(container), restart)));
    }
  }
  return latest;
}

async function changedAt(path: string): Promise<number> {
  return await stat(path).then(
    (stats) => stats.mtimeMs,
    () => 0,
  );
}

async function names(path: string): Promise<readonly string[]> {
  return await readdir(path).catch(() => []);
}
