import { type CopilotInvocation, type CopilotOptions, DataPlaneError, parseCopilotArgs } from "@flyte-dataplane/core";
import type { DownloadContext } from "./commands/run-download.ts";
import type { SidecarContext } from "./commands/run-sidecar.ts";
import { loadConfig } from "./config/load.ts";
import { settingsOf } from "./config/settings.ts";
import { createLog } from "./log.ts";
import type { ProcessPorts } from "./ports.ts";
import { openStores } from "./store/open-stores.ts";
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
      return await runDownload(command, { ...(await openContext(options, ports)), strictExit: options.strictExit });
    }
    case "sidecar": {
      const { runSidecar } = await import("./commands/run-sidecar.ts");
      return await runSidecar(command, await openContext(options, ports));
    }
    case "config": {
      const { runConfig } = await import("./commands/run-config.ts");
      return await runConfig(command, options, ports);
    }
    default:
      throw new DataPlaneError("unimplemented", `the command "${command.name}" is not there yet`);
  }
}

/** What both commands work with, by the configuration. Rejects, before any store is asked, if that is at fault. */
async function openContext(
  options: CopilotOptions,
  ports: ProcessPorts,
): Promise<SidecarContext & Pick<DownloadContext, "maxBytes">> {
  const { clock, stderr, env, workingDirectory } = ports;
  const { values } = await loadConfig({ options, env, workingDirectory });
  const { store, logger, maxObjectBytes } = settingsOf(values);
  const log = createLog({ ...logger, clock, write: stderr });
  return {
    ports,
    log,
    stores: await openStores(store, { clock, log, env }),
    errorName: options.errOutputName,
    maxBytes: maxObjectBytes,
  };
}

/** The reason on both streams: people read stderr, other programs take the last line of stdout. */
function fail(error: unknown, ports: ProcessPorts, help: string): number {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
  ports.stderr(`${help}${help === "" ? "" : "\n"}Error: ${message}\n`);
  ports.stdout(`${message}\n`);
  return 1;
}
