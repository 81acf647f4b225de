import { type CopilotCommand, type CopilotOptions, DataPlaneError } from "@flyte-dataplane/core";
import { configDocs } from "../config/docs.ts";
import { findConfigFiles } from "../config/find-files.ts";
import { matchFiles } from "../config/glob.ts";
import { loadConfig } from "../config/load.ts";
import { settingsOf } from "../config/settings.ts";
import { createLog } from "../log.ts";
import type { ProcessPorts } from "../ports.ts";
import { openStores } from "../store/open-stores.ts";

type ConfigCommand = Extract<CopilotCommand, { readonly name: "config" }>;

/**
 * `config`: shows which files count (`discover`) and which keys there are (`docs`), or reads all sources as the other
 * commands would and says whether they describe a store (`validate`). Rejects with what is wrong.
 */
export async function runConfig(command: ConfigCommand, options: CopilotOptions, ports: ProcessPorts): Promise<number> {
  if (command.action === "docs") {
    ports.stdout(configDocs());
    return 0;
  }
  const files = filesOf(command, options, ports);
  if (command.action === "discover") {
    ports.stdout(files.length === 0 ? "no configuration file\n" : `${files.join("\n")}\n`);
    return 0;
  }
  const { env, clock, stderr, workingDirectory } = ports;
  const { values, unknown } = await loadConfig({ options, env, workingDirectory, files }, command.strict);
  for (const fault of unknown) stderr(`Warning: ${fault}; the other commands refuse it, as does --strict\n`);
  const { store, logger } = settingsOf(values);
  const stores = await openStores(store, { clock, env, log: createLog({ ...logger, clock, write: stderr }) });
  await stores.close();
  ports.stdout(files.length === 0 ? "valid; no configuration file\n" : `valid: ${files.join(", ")}\n`);
  return 0;
}

/** Files that `--file` names have to be there. */
function filesOf(
  { files }: ConfigCommand,
  options: CopilotOptions,
  { workingDirectory }: ProcessPorts,
): readonly string[] {
  if (files.length === 0) return findConfigFiles(options.config, workingDirectory);
  const found: string[] = [];
  for (const file of files) {
    const matched = matchFiles(file);
    if (matched.length === 0) {
      throw new DataPlaneError("not_found", `read configuration: ${file} is no file`, { origin: "user", ref: file });
    }
    found.push(...matched);
  }
  return found;
}
