import {
  choiceOf,
  DataPlaneError,
  failureOf,
  type Logger,
  metadataFormats,
  outputUploadFailed,
  type SidecarOptions,
  type TaskFailure,
  uploadModes,
  watcherTypes,
} from "@flyte-dataplane/core";
import type { Variable } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type ErrorPlace, hasReport, reportFailure } from "../error-report.ts";
import type { ProcessPorts } from "../ports.ts";
import { timeLimit } from "../time-limit.ts";
import { awaitExit } from "../upload/await-exit.ts";
import { declaredOutputs } from "../upload/declared-outputs.ts";
import { upload } from "../upload.ts";

export interface SidecarContext extends Pick<ErrorPlace, "stores" | "errorName"> {
  readonly ports: ProcessPorts;
  readonly log: Logger;
}

/**
 * `sidecar`: waits for the end of the task, then publishes its outputs or one error document. Gives the exit status;
 * rejects only if the error document cannot be written. Nothing interrupts it after the wait but its time limit: a
 * second SIGTERM changes nothing.
 */
export async function runSidecar(command: SidecarOptions, context: SidecarContext): Promise<number> {
  const { ports, stores, errorName } = context;
  const place: ErrorPlace = { stores, errorName, outputPrefix: command.toOutputPrefix };
  const waits = command.startWatcherType === "signal";
  const wait = (): Promise<void> =>
    awaitExit({ directory: ports.workingDirectory, pid: ports.pid, terminated: ports.terminated });
  let variables: ReadonlyMap<string, Variable>;
  try {
    variables = declaredOutputs(command.interface);
    if (variables.size === 0) return 0;
    checkChoices(command);
  } catch (error) {
    await settle(failed(error), place, context);
    // Whoever ends early is started again, and would report again and again for as long as the task runs.
    if (waits) await wait();
    return 0;
  }
  if (waits) await wait();
  await settle(await uploadAll(command, variables, context), place, context);
  return 0;
}

async function uploadAll(
  command: SidecarOptions,
  variables: ReadonlyMap<string, Variable>,
  context: SidecarContext,
): Promise<TaskFailure | undefined> {
  const { ports, stores, errorName, log } = context;
  const { fromLocalDir, toRawOutput, toOutputPrefix, metaOutputName } = command;
  const signal = timeLimit(command.timeoutMs);
  const started = ports.clock.now();
  try {
    const failure = await upload({
      stores,
      clock: ports.clock,
      errorName,
      outputPrefix: toOutputPrefix,
      metaOutputName,
      fromLocalDir,
      toRawOutput,
      variables,
      ...(signal !== undefined && { signal }),
    });
    const seconds = (ports.clock.now() - started) / 1000;
    if (failure === undefined) log.info({ variables: variables.size, seconds }, "outputs published");
    return failure;
  } catch (error) {
    return failed(error);
  }
}

/** Reports a failure unless one was reported before: what failed first is the cause, not what failed for lack of it. */
async function settle(
  failure: TaskFailure | undefined,
  place: ErrorPlace,
  { ports, log }: SidecarContext,
): Promise<void> {
  if (failure === undefined) return;
  if (await hasReport(place)) log.warn({ failure: failure.message }, "an earlier failure of this attempt stands");
  else await reportFailure(place, failure);
  ports.stderr(`Error: ${failure.message.replaceAll("\n", " ")}\n`);
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
