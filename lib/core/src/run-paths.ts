import { DataPlaneError } from "./errors.ts";
import { shardOf } from "./shard.ts";
import { formatStorageUri, joinUri, parseStorageUri } from "./uri.ts";
import {
  checkpointFolder,
  deckFile,
  errorFile,
  inputsFile,
  outputsFile,
  reportFile,
  rootActionName,
} from "./wire-names.ts";

/**
 * Where the files of a run lie. Every process derives the same locations from the same few names, so nothing has to
 * be passed around but the run's output base.
 */

/** What names one try of one action. */
export interface AttemptRef {
  /** Base URI of the run's outputs; a slash at its end makes no difference. */
  readonly runOutputBase: string;
  /** Namespace of the TaskAction. */
  readonly namespace: string;
  readonly runName: string;
  readonly actionName: string;
  /** 1-based number of tries that the user's retry budget pays for. */
  readonly attempt: number;
}

/** An attempt's names and the file in it. */
export type PathInAttempt = (attemptPrefix: string) => string;

/** The action's name as it stands on the wire: a root may also be named after its run. */
export function wireActionName(runName: string, actionName: string): string {
  return actionName === runName ? rootActionName : actionName;
}

/** Name of the TaskAction resource of an action: `<run>-<action>`. */
export function taskActionName(runName: string, actionName: string): string {
  return `${runName}-${wireActionName(runName, actionName)}`;
}

/** Name of an attempt's Pod: the first one ends in `-0`. */
export function podName(taskAction: string, attempt: number): string {
  return `${taskAction}-${checkAttempt(attempt) - 1}`;
}

/**
 * The location of everything that an attempt writes. In an object store a shard goes between the bucket and the path
 * of the base; file storage has no bucket and no shard. Throws `invalid_argument` for a base that is not a storage
 * URI (one with a query or fragment included) and for an attempt below 1.
 */
export function attemptPrefix(ref: AttemptRef): string {
  const base = parseStorageUri(ref.runOutputBase);
  const action = wireActionName(ref.runName, ref.actionName);
  const attempt = checkAttempt(ref.attempt).toString();
  if (base.scheme === "file") return joinUri(ref.runOutputBase, action, attempt);
  const shard = shardOf(ref.namespace, taskActionName(ref.runName, action));
  const key = base.key === "" ? shard : `${shard}/${base.key}`;
  return joinUri(formatStorageUri({ ...base, key }), action, attempt);
}

/** Folder of an action's inputs; `inputUri` may name the folder or the `inputs.pb` in it. */
export function inputsFolder(inputUri: string): string {
  const suffix = `/${inputsFile}`;
  const trimmed = inputUri.replace(/\/+$/, "");
  return formatStorageUri(
    parseStorageUri(trimmed.endsWith(suffix) ? trimmed.slice(0, -suffix.length) || "/" : inputUri),
  );
}

/** The inputs message of an action; `inputUri` may name it or its folder. */
export function inputsUri(inputUri: string): string {
  return joinUri(inputsFolder(inputUri), inputsFile);
}

export const outputsUri: PathInAttempt = (prefix) => joinUri(prefix, outputsFile);
export const errorUri: PathInAttempt = (prefix) => joinUri(prefix, errorFile);
export const reportUri: PathInAttempt = (prefix) => joinUri(prefix, reportFile);
export const deckUri: PathInAttempt = (prefix) => joinUri(prefix, deckFile);
export const checkpointUri: PathInAttempt = (prefix) => joinUri(prefix, checkpointFolder);

/** Checkpoint of the attempt before this one; empty text for the first. */
export function previousCheckpointUri(ref: AttemptRef): string {
  return ref.attempt <= 1 ? "" : checkpointUri(attemptPrefix({ ...ref, attempt: ref.attempt - 1 }));
}

/** Where a container's log is kept once its Pod is gone. */
export function archivedLogUri(prefix: string, pod: string, container: string, restart: number): string {
  return joinUri(prefix, "logs", pod, `${container}.${restart}`);
}

function checkAttempt(attempt: number): number {
  if (Number.isSafeInteger(attempt) && attempt >= 1) return attempt;
  throw new DataPlaneError("invalid_argument", `attempt ${attempt}: attempts are counted from 1`);
}
