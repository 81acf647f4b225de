/** Ends processes and removes directories of Pods that nobody keeps any more. */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { Clock } from "@flyte-dataplane/core";
import { runReasons } from "./container-run.ts";
import { type PodDirectory, podDirectory, type RunDirectory, volumesFolder } from "./pod-directory.ts";
import { isAlive, type ProcessIdentity, parseIdentity, signalGroup } from "./process-identity.ts";
import { createExclusively } from "./small-file.ts";
import { recordFailure } from "./start-run.ts";
import { killStrays } from "./strays.ts";

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
  const runs = (await Promise.all(uids.map((uid) => runsOf(podDirectory(pods, uid))))).flat();
  await Promise.all(runs.map((run) => settle(run, clock)));
  const all = await processes(runs);
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
  await killStrays(new Set(uids), clock);
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
    const identities = (await processes(await runsOf(directory))).map(({ identity }) => identity);
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

async function processes(runs: readonly RunDirectory[]): Promise<readonly RunProcess[]> {
  const found: RunProcess[] = [];
  for (const run of runs) {
    const identity = await identityOf(run);
    if (identity !== undefined) found.push({ run, identity });
  }
  return found;
}

async function identityOf(run: RunDirectory): Promise<ProcessIdentity | undefined> {
  return parseIdentity(await readFile(run.identity, "utf8").catch(() => ""));
}

async function runsOf(pod: PodDirectory): Promise<readonly RunDirectory[]> {
  const found: RunDirectory[] = [];
  for (const container of await names(pod.path)) {
    // A volume may be called by a number too.
    if (container === volumesFolder) continue;
    for (const restart of await names(pod.container(container))) {
      if (/^\d+$/.test(restart)) found.push(pod.run(container, Number(restart)));
    }
  }
  return found;
}

/**
 * Waits until a run that was being started when its server went says who it is, or sees to it that it never starts:
 * until then its process could not be found.
 */
async function settle(run: RunDirectory, clock: Clock): Promise<void> {
  if ((await changedAt(run.exit)) > 0 || (await changedAt(run.failure)) > 0) return;
  if (await createExclusively(run.started)) {
    const message = "stopped together with the server before it started";
    await recordFailure(run, { exitCode: 137, reason: runReasons.serverLost, message, atMs: clock.now() });
    return;
  }
  const giveUpAtMs = clock.now() + 1_000;
  while ((await identityOf(run)) === undefined && clock.now() < giveUpAtMs) await clock.sleep(10);
}

async function alive(all: readonly ProcessIdentity[]): Promise<readonly ProcessIdentity[]> {
  const answers = await Promise.all(all.map(isAlive));
  return all.filter((_, index) => answers[index] === true);
}

/** The newest time among the Pod's directory and those of its runs: good enough to tell days. */
async function lastChangeMs(pod: PodDirectory): Promise<number> {
  let latest = await changedAt(pod.path);
  for (const run of await runsOf(pod)) latest = Math.max(latest, await changedAt(run.path));
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
