import {
  choiceOf,
  DataPlaneError,
  type DownloadOptions,
  downloadModes,
  failureOf,
  fileInputLayouts,
  inputDownloadFailed,
  metadataFormats,
} from "@flyte-dataplane/core";
import { download } from "../download.ts";
import { type ErrorPlace, removeReports, reportFailure } from "../error-report.ts";
import { lastWord } from "../last-word.ts";
import { RunLog } from "../run-log.ts";
import { timeLimit } from "../time-limit.ts";
import type { RunContext } from "./run-context.ts";

export interface DownloadContext extends RunContext {
  /** Most bytes of one object. */
  readonly maxBytes: number;
  /** A failure ends with status 1, so that the task's containers never start. */
  readonly strictExit: boolean;
}

/** Status of a process that SIGTERM ended. */
const terminatedStatus = 143;
/** Milliseconds for the report of a failure where the command itself is limited: the limit is used up by then. */
const reportMs = 10_000;

/**
 * `download`: stages inputs, or reports why not. Gives the exit status; rejects, with nothing reported, only where there
 * is no place for a report or it cannot be written.
 */
export async function runDownload(command: DownloadOptions, context: DownloadContext): Promise<number> {
  const { ports, log, stores, locate, errorName, tally, settings } = context;
  const { clock, terminated } = ports;
  if (command.toOutputPrefix === "")
    throw new DataPlaneError("invalid_argument", "download: --to-output-prefix is missing");
  const place: ErrorPlace = { stores, errorName, outputPrefix: locate(command.toOutputPrefix) };
  const runLog = new RunLog({ log, clock, tally, progressMs: settings.progressMs });
  try {
    const signal = timeLimit(command.timeoutMs, terminated);
    // Whoever runs the task may read what is staged, whatever mask this container was given.
    ports.setFileMask(0o022);
    await removeReports(place, signal);
    await download({
      stores,
      clock,
      tally,
      maxBytes: context.maxBytes,
      ...chosen(command),
      fromRemote: locate(command.fromRemote),
      locate,
      optionalFiles: settings.optionalFiles,
      decodeMsgpack: settings.decodeMsgpack,
      verify: settings.verify,
      ...(signal !== undefined && { signal }),
    });
    runLog.sumUp("inputs staged");
    return 0;
  } catch (error) {
    runLog.sumUp("inputs not staged");
    // The pod is going away: its end is no failure of the inputs.
    if (terminated.aborted) return terminatedStatus;
    // Recoverable whatever it is: the store may be repaired, the missing object may come, before another attempt.
    const failure = { ...failureOf(inputDownloadFailed, error), recoverable: true };
    await reportFailure(place, failure, command.timeoutMs > 0 ? timeLimit(reportMs) : undefined);
    await lastWord(ports, failure.message);
    return context.strictExit ? 1 : 0;
  }
}

function chosen(command: DownloadOptions): {
  readonly toLocalDir: string;
  readonly format: (typeof metadataFormats)[number];
  readonly namedFolders: boolean;
  readonly remoteBlobs: boolean;
  readonly inputInterface?: Uint8Array;
} {
  const mode = choiceOf("--download-mode", downloadModes, command.downloadMode);
  if (mode === "DOWNLOAD_STREAM") {
    throw new DataPlaneError("unimplemented", `download: --download-mode ${mode} is not supported; use DOWNLOAD_EAGER`);
  }
  return {
    toLocalDir: command.toLocalDir,
    format: choiceOf("--format", metadataFormats, command.format),
    namedFolders: choiceOf("--file-input-layout", fileInputLayouts, command.fileInputLayout) === "NAMED_DIR",
    remoteBlobs: mode === "DO_NOT_DOWNLOAD",
    ...(command.inputInterface !== undefined && { inputInterface: command.inputInterface }),
  };
}
