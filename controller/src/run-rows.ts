/**
 * The run service's rows, as this process has told them. Relay and executor share it: the one keeps rows up to date, the
 * other does not let an action go before its row says how it ended, and neither repeats what the other has told.
 */
import type { Client } from "@connectrpc/connect";
import {
  type Clock,
  errorCode,
  type Logger,
  type TaskAction,
  terminalStatusRecordedLabel,
} from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import type { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { actionPhase, isTerminalPhase } from "./action-phase.ts";
import { recordRequest, statusRequest } from "./actions/relay-requests.ts";
import { statusFailure } from "./in-band-status.ts";

export interface RunRows {
  /** Makes the row exist; false where this process had it accepted before. Rejects when the run service does not take it. */
  record(action: TaskAction, signal: AbortSignal): Promise<boolean>;
  isRecorded(action: TaskAction): boolean;
  /** Rejects when the run service does not take it. */
  update(action: TaskAction, phase: ActionPhase, signal: AbortSignal): Promise<void>;
  /**
   * Tells how an action under deletion ended: as it says itself, else aborted. Rejects while the run service cannot be
   * reached; after some minutes of that, and where it refuses for good, resolves without: an action must be deletable.
   */
  tellEnd(action: TaskAction, signal: AbortSignal): Promise<void>;
  /** The row says already how the action ended. */
  knowsEnd(action: TaskAction): boolean;
  /** The action is gone and its row is told. */
  forget(action: TaskAction): void;
}

export interface RunRowsOptions {
  readonly runs: Client<typeof InternalRunService>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const timeoutMs = 10_000;
const deletionPatienceMs = 5 * 60_000;
/** Malformed, or about a run that is no more: asking again changes nothing. */
const hopeless: ReadonlySet<string> = new Set(["invalid_argument", "not_found"]);

export function createRunRows({ runs, clock, logger }: RunRowsOptions): RunRows {
  /** UIDs whose existence the run service has accepted. */
  const recorded = new Set<string>();
  /** UIDs whose end it has accepted before their deletion. */
  const ended = new Set<string>();
  /** When the end of a UID was first told in vain, in milliseconds since the epoch. */
  const triedSince = new Map<string, number>();

  const rows: RunRows = {
    record: async (action, signal) => {
      if (rows.isRecorded(action)) return false;
      const { status } = await runs.recordAction(recordRequest(action), { signal, timeoutMs });
      const failure = statusFailure(`record ${action.metadata.name}`, status);
      if (failure !== undefined) throw failure;
      recorded.add(uidOf(action));
      return true;
    },
    isRecorded: (action) => recorded.has(uidOf(action)),
    update: async (action, phase, signal) => {
      const { status } = await runs.updateActionStatus(statusRequest(action, phase), { signal, timeoutMs });
      const failure = statusFailure(`update ${action.metadata.name}`, status);
      if (failure !== undefined) throw failure;
    },
    tellEnd: async (action, signal) => {
      if (rows.knowsEnd(action)) return;
      const uid = uidOf(action);
      try {
        await rows.record(action, signal);
        await rows.update(action, endOf(action), signal);
        ended.add(uid);
      } catch (error) {
        if (signal.aborted) throw error;
        const since = triedSince.get(uid) ?? clock.now();
        triedSince.set(uid, since);
        if (!hopeless.has(errorCode(error)) && clock.now() - since < deletionPatienceMs) throw error;
        logger.error({ action: action.metadata.name, err: error }, "action let go although its row does not know");
      }
    },
    knowsEnd: (action) => ended.has(uidOf(action)) || action.metadata.labels?.[terminalStatusRecordedLabel] === "true",
    forget: (action) => {
      const uid = uidOf(action);
      recorded.delete(uid);
      ended.delete(uid);
      triedSince.delete(uid);
    },
  };
  return rows;
}

/** How an action that is gone, or about to be, has ended. */
export function endOf(action: TaskAction): ActionPhase {
  const standing = actionPhase(action);
  return isTerminalPhase(standing) ? standing : ActionPhase.ABORTED;
}

function uidOf(action: TaskAction): string {
  return action.metadata.uid ?? "";
}
