/** Writers, readers and watches that go on through any error, and know what has to be there. */
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";

export interface Load {
  /** Resolves after `count` further writes were acknowledged. */
  acknowledged(count: number): Promise<void>;
  /** Resolves after `count` further calls failed. */
  refused(count: number): Promise<void>;
  /** Resolves once the watches have seen all that is acknowledged at this moment, and the quiet one `quietly`. */
  watched(quietly: readonly string[]): Promise<void>;
  /** Names of the actions that the watch on the quiet run has seen. */
  quietlySeen(): ReadonlySet<string>;
  /** Ends the load, and reads everything once more. */
  finish(): Promise<Outcome>;
}

export interface Outcome {
  /** Sentences on what was acknowledged and is not there, or not as it was written. */
  readonly wrong: readonly string[];
  /** Names of the codes of all failures. */
  readonly codes: ReadonlySet<string>;
  /** Whether a watch on which nothing happened met an error. */
  readonly idleWatchEnded: boolean;
}

const writers = 6;
const run = { org: "", project: "flytesnacks", domain: "development", name: "outage" };
/** Nothing happens in it but what a test does. */
export const quietRun = { ...run, name: "quiet" };
const identifier = { org: "", project: run.project, domain: run.domain };
const callMs = 5000;

export function startLoad(url: string): Load {
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1", defaultTimeoutMs: callMs });
  const [internal, runs] = [createClient(InternalRunService, transport), createClient(RunService, transport)];
  const cache = createClient(CacheService, transport);
  const stop = new AbortController();
  const recorded = new Set<string>();
  const running = new Set<string>();
  const cached = new Set<string>();
  const seen = new Set<string>();
  const quietlySeen = new Set<string>();
  const codes = new Set<string>();
  const wrong: string[] = [];
  let idleWatchEnded = false;
  let [acknowledgements, refusals] = [0, 0];
  let changed: () => void = () => undefined;
  let change = new Promise<void>((resolve) => (changed = resolve));
  const tell = (): void => {
    changed();
    change = new Promise((resolve) => (changed = resolve));
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await change;
  };

  /** Keeps what a failure was called; anything but an RPC's own error is one of the test. */
  const failed = (error: unknown): void => {
    codes.add(Code[ConnectError.from(error).code]);
    refusals += 1;
    tell();
  };
  const write = async (name: string, done: Set<string>, call: () => Promise<number>): Promise<boolean> => {
    try {
      const code = await call();
      if (code !== 0) throw new ConnectError("in the body", code);
      done.add(name);
      acknowledgements += 1;
      tell();
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  };
  const record = async (name: string, parent: string, of = run): Promise<number> => {
    const spec = { taskTemplate: { id: { project: run.project, domain: run.domain, name: "t", version: "v" } } };
    const { status } = await internal.recordAction({
      actionId: { run: of, name },
      parent,
      spec: { case: "task", value: { spec } },
    });
    return status?.code ?? Code.Unknown;
  };
  const start = async (name: string): Promise<number> => {
    const status = { phase: ActionPhase.RUNNING, attempts: 1 };
    return (await internal.updateActionStatus({ actionId: { run, name }, status })).status?.code ?? Code.Unknown;
  };
  const put = async (name: string): Promise<number> => {
    const output = { output: { case: "outputUri" as const, value: `/out/${name}` }, metadata: {} };
    await cache.put({ identifier, baseRequest: { key: name, output } });
    return 0;
  };

  /** Says what is wrong with what was acknowledged under `name`; rejects when it cannot be read. */
  const check = async (name: string): Promise<void> => {
    const answer = await runs.getActionDetails({ actionId: { run, name } }).catch(absent);
    const phase = answer?.details?.status?.phase;
    if (recorded.has(name) && phase === undefined) wrong.push(`action ${name} is gone`);
    if (running.has(name) && phase !== ActionPhase.RUNNING) wrong.push(`action ${name} is in phase ${phase}`);
    const found = await cache.get({ identifier, baseRequest: { key: name } }).catch(absent);
    const uri = found?.output?.output.value;
    if (cached.has(name) && uri !== `/out/${name}`) wrong.push(`the cache has other outputs for ${name}`);
  };

  const writer = async (id: number): Promise<void> => {
    for (let n = 0; !stop.signal.aborted; n += 1) {
      const name = `w${id}-${n}`;
      if (await write(name, recorded, () => record(name, "a0"))) await write(name, running, () => start(name));
      await write(name, cached, () => put(name));
      await check(name).catch(failed);
    }
  };
  /** Watches the run, anew after every error, as the SDK does. */
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        const stream = runs.watchActions({ runId: run }, { signal: stop.signal, timeoutMs: 0 });
        for await (const { enrichedActions } of stream) {
          for (const { action } of enrichedActions) seen.add(action?.id?.name ?? "");
          tell();
        }
      } catch (error) {
        if (!stop.signal.aborted) failed(error);
      }
    }
  };
  const watchQuietly = async (): Promise<void> => {
    try {
      const stream = runs.watchActions({ runId: quietRun }, { signal: stop.signal, timeoutMs: 0 });
      for await (const { enrichedActions } of stream) {
        for (const { action } of enrichedActions) quietlySeen.add(action?.id?.name ?? "");
        tell();
      }
    } catch {
      idleWatchEnded = !stop.signal.aborted;
    }
  };

  const all = Promise.all([
    record("a0", "").then(() => Promise.all([watch(), ...Array.from({ length: writers }, (_, id) => writer(id))])),
    record("a0", "", quietRun).then(watchQuietly),
  ]);
  return {
    acknowledged: (count) => {
      const target = acknowledgements + count;
      return until(() => acknowledgements >= target);
    },
    refused: (count) => {
      const target = refusals + count;
      return until(() => refusals >= target);
    },
    watched: (quietly) => {
      const wanted = [...recorded];
      return until(() => wanted.every((name) => seen.has(name)) && quietly.every((name) => quietlySeen.has(name)));
    },
    quietlySeen: () => quietlySeen,
    finish: async () => {
      stop.abort();
      await all;
      for (const name of new Set([...recorded, ...cached])) await check(name);
      return { wrong, codes, idleWatchEnded };
    },
  };
}

/** What is not found is told by whoever knows that it should be there. */
function absent(error: unknown): undefined {
  if (ConnectError.from(error).code !== Code.NotFound) throw error;
}
