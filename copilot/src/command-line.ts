import { type CopilotInvocation, type CopilotOptions, DataPlaneError, parseCopilotArgs } from "@flyte-dataplane/core";
import { createStores } from "@flyte-dataplane/storage";
import type { SidecarContext } from "./commands/run-sidecar.ts";
import { createLog } from "./log.ts";
import type { ProcessPorts } from "./ports.ts";
import { usage } from "./usage.ts";
import { version } from "./version.ts";

/** Runs the command that `argv` (without program and script) names; gives the exit status, never rejects. */
export async function runCommandLine(argv: readonly string[], ports: ProcessPorts): Promise<number> {
  if (argv.length === 1 && argv[0] === "--version") {
    ports.stdout(`flyte-copilot ${version}\n`);
    return 0;
  }
  let invocation: CopilotInvocation;
  try {
    invocation = parseCopilotArgs(argv);
  } catch (error) {
    return fail(error, ports, usage.get("") ?? "");
  }
  try {
    return await runCommand(invocation, ports);
  } catch (error) {
    // The command line was understood, so its usage would only push the reason out of sight.
    return fail(error, ports, "");
  }
}

async function runCommand({ command, options }: CopilotInvocation, ports: ProcessPorts): Promise<number> {
  switch (command.name) {
    case "help":
      ports.stdout(usage.get(command.topic) ?? usage.get("") ?? "");
      return 0;
    case "ready": {
      const { isReady } = await import("./upload/await-exit.ts");
      return (await isReady(ports.workingDirectory)) ? 0 : 1;
    }
    case "download": {
      const { runDownload } = await import("./commands/run-download.ts");
      const maxBytes = maxObjectBytes(options);
      return await runDownload(command, { ...contextOf(options, ports), maxBytes, strictExit: options.strictExit });
    }
    case "sidecar": {
      const { runSidecar } = await import("./commands/run-sidecar.ts");
      return await runSidecar(command, contextOf(options, ports));
    }
    default:
      throw new DataPlaneError("unimplemented", `the command "${command.name}" is not there yet`);
  }
}

function contextOf(options: CopilotOptions, ports: ProcessPorts): SidecarContext {
  const { clock, stderr } = ports;
  return {
    ports,
    log: createLog({ level: settingNumber(options, "logger.level", 3), clock, write: stderr }),
    stores: createStores({ clock }),
    errorName: options.errOutputName,
  };
}

/** MiB in the setting; 0 for any size. */
function maxObjectBytes(options: CopilotOptions): number {
  const mebibytes = settingNumber(options, "storage.limits.maxDownloadMBs", 2);
  return mebibytes <= 0 ? Number.POSITIVE_INFINITY : mebibytes * 1024 * 1024;
}

/** Parsing has checked that the text is an integer. */
function settingNumber(options: CopilotOptions, key: string, fallback: number): number {
  return Number(options.settings.get(key) ?? fallback);
}

/** The reason on both streams: people read stderr, other programs take the last line of stdout. */
function fail(error: unknown, ports: ProcessPorts, help: string): number {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
  ports.stderr(`${help}${help === "" ? "" : "\n"}Error: ${message}\n`);
  ports.stdout(`${message}\n`);
  return 1;
}
