import path from "node:path";
import {
  choiceOf,
  DataPlaneError,
  failureOf,
  metadataFormats,
  outputUploadFailed,
  type SidecarOptions,
  type TaskFailure,
  taskSuccessFile,
  uploadModes,
  watcherTypes,
} from "@flyte-dataplane/core";
import type { Variable } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type ErrorPlace, hasReport, removeReports, reportFailure } from "../error-report.ts";
import { lastWord } from "../last-word.ts";
import { RunLog } from "../run-log.ts";
import { timeLimit } from "../time-limit.ts";
import { type LimitParts, limitParts } from "../time-limit-parts.ts";
import { awaitExit } from "../upload/await-exit.ts";
import { declaredOutputs, declaresInputs } from "../upload/declared-outputs.ts";
import { upload } from "../upload.ts";
import type { RunContext } from "./run-context.ts";

/**
 * `sidecar`: waits for the end of the task, then publishes its outputs or one error document. Gives the exit status;
 * rejects only if the error document cannot be written. Nothing interrupts it after the wait but its time limit: a
 * second SIGTERM changes nothing.
 */
export async function runSidecar(command: SidecarOptions, context: RunContext): Promise<number> {
  const { settings } = context;
  const waits = command.startWatcherType === "signal";
  let variables: ReadonlyMap<string, Variable>;
  let limits: LimitParts;
  let forgotten: Promise<void> | undefined;
  try {
    variables = declaredOutputs(command.interface);
    if (variables.size === 0 && !settings.voidOutputs) return 0;
    const hasNoInputs = command.interface !== undefined && !declaresInputs(command.interface);
    if (waits && hasNoInputs) forgotten = forgetEarlierPods(command, context);
    checkChoices(command);
    limits = limitParts(command.timeoutMs, settings.reportMarginMs);
  } catch (error) {
    await forgotten;
    await settle(failed(error), command, context, limitParts(command.timeoutMs, undefined));
    // Whoever ends early is started again, and would report again and again for as long as the task runs.
    if (waits) await untilTerminated(context);
    return 0;
  }
  if (waits) {
    const marker = settings.successMarker ? path.join(command.fromLocalDir, taskSuccessFile) : undefined;
    await untilTerminated(context, marker);
  }
  await forgotten;
  await settle(await uploadAll(command, variables, context, limits), command, context, limits);
  return 0;
}

/**
 * Before its task runs, only an earlier pod of the attempt can have reported. Where inputs are staged, their download
 * removes that; without any nobody else does, and it would keep this pod's own failure from being reported. Never
 * rejects: what stays is no reason to leave the task alone.
 */
async function forgetEarlierPods({ toOutputPrefix }: SidecarOptions, context: RunContext): Promise<void> {
  try {
    await removeReports(placeOf(toOutputPrefix, context), timeLimit(forgetMs));
  } catch (error) {
    context.log.warn({ error: failed(error).message }, "an earlier failure of this attempt could not be removed");
  }
}

/** Milliseconds: the task may end meanwhile, and its outputs are not to wait for long. */
const forgetMs = 10_000;

function placeOf(toOutputPrefix: string, { stores, locate, errorName }: RunContext): ErrorPlace {
  return { stores, errorName, outputPrefix: locate(toOutputPrefix) };
}

async function untilTerminated({ ports }: RunContext, successMarker?: string): Promise<void> {
  const { workingDirectory, pid, terminated, clock } = ports;
  await awaitExit({
    directory: workingDirectory,
    pid,
    terminated,
    clock,
    ...(successMarker !== undefined && { successMarker }),
  });
}

async function uploadAll(
  command: SidecarOptions,
  variables: ReadonlyMap<string, Variable>,
  context: RunContext,
  { workMs }: LimitParts,
): Promise<TaskFailure | undefined> {
  const { ports, stores, locate, errorName, log, tally, settings } = context;
  const { clock } = ports;
  const { fromLocalDir, toRawOutput, toOutputPrefix, metaOutputName } = command;
  const { maxSimpleBytes, primaryStatusFile, progressMs } = settings;
  const signal = timeLimit(workMs);
  const runLog = new RunLog({ log, clock, tally, progressMs });
  let published = false;
  try {
    const failure = await upload({
      stores,
      clock,
      tally,
      errorName,
      outputPrefix: locate(toOutputPrefix),
      metaOutputName,
      fromLocalDir,
      toRawOutput,
      locate,
      variables,
      hasInputs: declaresInputs(command.interface),
      maxSimpleBytes,
      primaryStatusFile,
      ...(signal !== undefined && { signal }),
    });
    published = failure === undefined;
    return failure;
  } catch (error) {
    return failed(error);
  } finally {
    runLog.sumUp(published ? "outputs published" : "outputs not published");
  }
}

/** Reports a failure unless one was reported before: what failed first is the cause, not what failed for lack of it. */
async function settle(
  failure: TaskFailure | undefined,
  { toOutputPrefix }: SidecarOptions,
  context: RunContext,
  { reportMs }: LimitParts,
): Promise<void> {
  if (failure === undefined) return;
  const place = placeOf(toOutputPrefix, context);
  const signal = timeLimit(reportMs);
  if (await hasReport(place, signal)) context.log.warn({}, "an earlier failure of this attempt stands");
  else await reportFailure(place, failure, signal);
  await lastWord(context.ports, failure.message);
}

/** Recoverable also where the user is at fault: the task may leave other files next time. */
function failed(error: unknown): TaskFailure {
  return { ...failureOf(outputUploadFailed, error), recoverable: true };
}

function checkChoices(command: SidecarOptions): void {
  choiceOf("--format", metadataFormats, command.format);
  choiceOf("--start-watcher-type", watcherTypes, command.startWatcherType);
  const mode = choiceOf("--upload-mode", uploadModes, command.uploadMode);
  if (mode !== "UPLOAD_ON_EXIT") {
    throw new DataPlaneError("unimplemented", `sidecar: --upload-mode ${mode} is not supported; use UPLOAD_ON_EXIT`);
  }
}
