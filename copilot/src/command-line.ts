import { type CopilotInvocation, type CopilotOptions, parseCopilotArgs } from "@flyte-dataplane/core";
import type { DownloadContext } from "./commands/run-download.ts";
import { loadConfig } from "./config/load.ts";
import { settingsOf } from "./config/settings.ts";
import { lastWord } from "./last-word.ts";
import { createLog, infoLevel } from "./log.ts";
import type { ProcessPorts } from "./ports.ts";
import { locator } from "./store/locations.ts";
import { openStores } from "./store/open-stores.ts";
import { primaryStore } from "./store/primary-store.ts";
import { Tally } from "./tally.ts";
import { usage } from "./usage.ts";
import { commit, version } from "./version.ts";

/** Runs the command that `argv` (without program and script) names; gives the exit status, never rejects. */
export async function runCommandLine(argv: readonly string[], ports: ProcessPorts): Promise<number> {
  if (argv.length === 1 && argv[0] === "--version") {
    const made = commit === "" ? "" : `commit ${commit}, `;
    ports.stdout(`flyte-copilot ${version} (${made}Node ${ports.nodeVersion})\n`);
    return 0;
  }
  let invocation: CopilotInvocation;
  try {
    invocation = parseCopilotArgs(argv);
  } catch (error) {
    return await fail(error, ports, usage.get("") ?? "");
  }
  try {
    return await runCommand(invocation, ports);
  } catch (error) {
    // The command line was understood, so its usage would only push the reason out of sight.
    return await fail(error, ports, "");
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
    case "completion": {
      const { completion } = await import("./completion.ts");
      ports.stdout(completion(command.shell));
      return 0;
    }
  }
}

/** What both commands work with, by the configuration. Rejects, before any store is asked, if that is at fault. */
async function openContext(options: CopilotOptions, ports: ProcessPorts): Promise<Omit<DownloadContext, "strictExit">> {
  const { clock, stderr, env, workingDirectory } = ports;
  const { values } = await loadConfig({ options, env, workingDirectory });
  const { store, logger, maxObjectBytes, copilot } = settingsOf(values);
  const log = createLog({ ...logger, clock, write: stderr });
  // Below this level nobody hears of progress.
  const progressMs = logger.level >= infoLevel ? copilot.progressMs : 0;
  const tally = new Tally(progressMs > 0);
  const onRetry = (): void => {
    tally.retries += 1;
  };
  return {
    ports,
    log,
    stores: await openStores(store, { clock, log, env, onRetry }),
    locate: locator(primaryStore(store)),
    tally,
    settings: { ...copilot, progressMs },
    errorName: options.errOutputName,
    maxBytes: maxObjectBytes,
  };
}

/** The reason on both streams: people read stderr, other programs take the last line of stdout. */
async function fail(error: unknown, ports: ProcessPorts, help: string): Promise<number> {
  const message = error instanceof Error ? error.message : String(error);
  if (help !== "") ports.stderr(`${help}\n`);
  await lastWord(ports, message);
  ports.stdout(`${message.replaceAll("\n", " ")}\n`);
  return 1;
}
