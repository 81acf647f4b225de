/**
 * The main job, told step by step: a file goes up through a signed URL, a run of a raw container task works on it, its log is followed
 * while it is written, its outputs come back and are compared; then the same run again is answered from the cache.
 */
import { once } from "node:events";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { ActionIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { CatalogCacheStatus } from "@flyte-dataplane/proto/flyteidl2/core/catalog";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { Outputs } from "@flyte-dataplane/proto/flyteidl2/task/common";
import type { ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { type DemoClient, isTerminal } from "./client.ts";
import { type DemoCase, demoTask } from "./task.ts";

export interface DemoOptions {
  readonly client: DemoClient;
  readonly demo: DemoCase;
  readonly signal: AbortSignal;
  /** Writes one line for a person. */
  readonly say: (line: string) => void;
  /** How many Pods this data directory has seen; a cache hit adds none. */
  readonly countPods: () => Promise<number>;
}

/** Rejects with `data_loss` when an answer differs from the one computed beforehand. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { client, demo, say } = options;
  const words = await client.upload(demo.file, "words.txt");
  say(`uploaded   ${demo.file.byteLength} bytes through a signed URL to ${words}`);

  const first = await client.createRun(demoTask(), words, demo);
  say(`created    run ${first.run?.name ?? ""} of the raw container task demo.sort_words`);
  const done = await follow(first, options);
  expectCacheStatus(done, [CatalogCacheStatus.CACHE_POPULATED]);
  await checkOutputs(first, options);

  const podsBefore = await options.countPods();
  const second = await client.createRun(demoTask(), words, demo);
  say(`created    run ${second.run?.name ?? ""}, the same task and inputs again`);
  expectCacheStatus(await follow(second, options), [CatalogCacheStatus.CACHE_HIT]);
  const started = (await options.countPods()) - podsBefore;
  if (started !== 0) throw new DataPlaneError("internal", `demo: the cache hit started ${started} pods`);
  await checkOutputs(second, options);
  say("cache      CACHE_HIT: no pod and no process was started for the second run");
}

/** Shows a line per phase and the log while it grows; gives the last state. */
async function follow(action: ActionIdentifier, options: DemoOptions): Promise<ActionDetails> {
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  let phase = ActionPhase.UNSPECIFIED;
  let log: Promise<void> | undefined;
  const startedAt = performance.now();
  try {
    for await (const details of options.client.watch(action, signal)) {
      const next = details.status?.phase ?? ActionPhase.UNSPECIFIED;
      if (next !== phase) {
        phase = next;
        options.say(`phase      ${ActionPhase[phase]} after ${Math.round(performance.now() - startedAt)} ms`);
      }
      if (log === undefined && details.attempts.some((attempt) => attempt.logsAvailable)) {
        log = showLog(action, options, signal);
        // Awaited once the action has ended; until then a failure of the stream waits too.
        log.catch(() => undefined);
      }
      if (!isTerminal(phase)) continue;
      await drain(log, signal);
      if (phase !== ActionPhase.SUCCEEDED)
        throw new DataPlaneError("internal", `demo: the run ended ${ActionPhase[phase]}: ${failureOf(details)}`);
      return details;
    }
  } finally {
    ended.abort();
  }
  throw new DataPlaneError("unavailable", "demo: the watch ended before the run did");
}

async function showLog(action: ActionIdentifier, options: DemoOptions, signal: AbortSignal): Promise<void> {
  for await (const line of options.client.tailLog(action, signal)) options.say(`log        | ${line}`);
}

/** The log of an ended attempt ends by itself; ten seconds bound the wait if it does not. */
async function drain(log: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  if (log === undefined) return;
  // Not AbortSignal.timeout: inside `any`, Node 20 may collect it before it fires.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), 10_000);
  try {
    await Promise.race([log, once(AbortSignal.any([signal, patience.signal]), "abort")]);
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(details: ActionDetails): string {
  return details.result.case === "errorInfo" ? details.result.value.message : "no error was recorded";
}

function expectCacheStatus(details: ActionDetails, expected: readonly CatalogCacheStatus[]): void {
  const status = details.status?.cacheStatus ?? CatalogCacheStatus.CACHE_DISABLED;
  if (!expected.includes(status))
    throw new DataPlaneError("internal", `demo: cache status is ${CatalogCacheStatus[status]}`);
}

async function checkOutputs(action: ActionIdentifier, options: DemoOptions): Promise<void> {
  const { demo, say } = options;
  const outputs = await options.client.outputs(action);
  const lines = primitive(outputs, "lines");
  const summary = primitive(outputs, "summary");
  if (lines !== demo.expected.lines)
    throw new DataPlaneError("data_loss", `demo: output "lines" is ${lines}, expected ${demo.expected.lines}`);
  if (summary !== demo.expected.summary)
    throw new DataPlaneError("data_loss", `demo: output "summary" is ${JSON.stringify(summary)}`);
  say(`outputs    lines = ${lines}, summary = ${JSON.stringify(summary)}`);
  const file = await options.client.downloadOutput(action, "sorted");
  if (file.sha256 !== demo.expected.sortedSha256)
    throw new DataPlaneError("data_loss", `demo: output "sorted" has SHA-256 ${file.sha256}`);
  say(`downloaded ${file.bytes} bytes through a signed link, SHA-256 ${file.sha256} as computed beforehand`);
}

function primitive(outputs: Outputs, name: string): bigint | string | undefined {
  const literal: Literal | undefined = outputs.literals.find((entry) => entry.name === name)?.value;
  const scalar = literal?.value.case === "scalar" ? literal.value.value.value : undefined;
  const value = scalar?.case === "primitive" ? scalar.value.value : undefined;
  return value?.case === "integer" || value?.case === "stringValue" ? value.value : undefined;
}
