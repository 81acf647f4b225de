/** When a parent is told of each child's end, seen by watching what the parent watches. */
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ActionsService } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import type { ActionIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";

export interface ToldTimes {
  /** Milliseconds of the epoch by name of the child; empty before `watching` resolves. */
  readonly toldAtMs: ReadonlyMap<string, number>;
  /** Resolves once the first message has come: from then on nothing is missed. */
  readonly watching: Promise<void>;
  stop(): Promise<void>;
}

export function watchTold(url: string, parent: ActionIdentifier): ToldTimes {
  const actions = createClient(ActionsService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  const toldAtMs = new Map<string, number>();
  const giveUp = new AbortController();
  let begun: () => void = () => undefined;
  const watching = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const ended = (async () => {
    const filter = { case: "parentActionId" as const, value: parent };
    for await (const { message } of actions.watchForUpdates({ filter }, { signal: giveUp.signal })) {
      const now = Date.now();
      begun();
      if (message.case !== "actionUpdate" || message.value.phase !== ActionPhase.SUCCEEDED) continue;
      const name = message.value.actionId?.name ?? "";
      if (!toldAtMs.has(name)) toldAtMs.set(name, now);
    }
  })().catch((error: unknown) => {
    if (!giveUp.signal.aborted) throw error;
  });
  return {
    toldAtMs,
    watching,
    stop: () => {
      giveUp.abort();
      return ended;
    },
  };
}
