import {
  choiceOf,
  DataPlaneError,
  type DownloadOptions,
  downloadModes,
  failureOf,
  fileInputLayouts,
  inputDownloadFailed,
  type Logger,
  metadataFormats,
} from "@flyte-dataplane/core";
import { download } from "../download.ts";
import { type ErrorPlace, removeReports, reportFailure } from "../error-report.ts";
import type { ProcessPorts } from "../ports.ts";
import { timeLimit } from "../time-limit.ts";

export interface DownloadContext extends Pick<ErrorPlace, "stores" | "errorName"> {
  readonly ports: ProcessPorts;
  readonly log: Logger;
  /** Most bytes of one object. */
  readonly maxBytes: number;
  /** A failure ends with status 1, so that the task's containers never start. */
  readonly strictExit: boolean;
}

/** Status of a process that SIGTERM ended. */
const terminatedStatus = 143;

/**
 * `download`: stages inputs, or reports why not. Gives the exit status; rejects, with nothing reported, only where there
 * is no place for a report or it cannot be written.
 */
export async function runDownload(command: DownloadOptions, context: DownloadContext): Promise<number> {
  const { ports, log, stores, errorName } = context;
  if (command.toOutputPrefix === "")
    throw new DataPlaneError("invalid_argument", "download: --to-output-prefix is missing");
  const place: ErrorPlace = { stores, errorName, outputPrefix: command.toOutputPrefix };
  const started = ports.clock.now();
  try {
    const signal = timeLimit(command.timeoutMs, ports.terminated);
    // Whoever runs the task may read what is staged, whatever mask this container was given.
    ports.setFileMask(0o022);
    await removeReports(place, signal);
    const moved = await download({
      stores,
      clock: ports.clock,
      maxBytes: context.maxBytes,
      ...chosen(command),
      ...(signal !== undefined && { signal }),
    });
    log.info({ ...moved, seconds: (ports.clock.now() - started) / 1000 }, "inputs staged");
    return 0;
  } catch (error) {
    // The pod is going away: its end is no failure of the inputs.
    if (ports.terminated.aborted) return terminatedStatus;
    // Recoverable whatever it is: the store may be repaired, the missing object may come, before another attempt.
    const failure = { ...failureOf(inputDownloadFailed, error), recoverable: true };
    await reportFailure(place, failure);
    ports.stderr(`Error: ${failure.message.replaceAll("\n", " ")}\n`);
    return context.strictExit ? 1 : 0;
  }
}

function chosen(command: DownloadOptions): {
  readonly fromRemote: string;
  readonly toLocalDir: string;
  readonly format: (typeof metadataFormats)[number];
  readonly namedFolders: boolean;
  readonly remoteBlobs: boolean;
} {
  const mode = choiceOf("--download-mode", downloadModes, command.downloadMode);
  if (mode === "DOWNLOAD_STREAM") {
    throw new DataPlaneError("unimplemented", `download: --download-mode ${mode} is not supported; use DOWNLOAD_EAGER`);
  }
  return {
    fromRemote: command.fromRemote,
    toLocalDir: command.toLocalDir,
    format: choiceOf("--format", metadataFormats, command.format),
    namedFolders: choiceOf("--file-input-layout", fileInputLayouts, command.fileInputLayout) === "NAMED_DIR",
    remoteBlobs: mode === "DO_NOT_DOWNLOAD",
  };
}
