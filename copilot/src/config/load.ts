/**
 * Files, environment and flags into one set of values. Later sources win: default, files in name order, environment,
 * flags; the pairs of `storage.stow.config` given as flags hide all that other sources say about the store.
 */
import { type CopilotOptions, DataPlaneError, type Env } from "@flyte-dataplane/core";
import { findConfigFiles } from "./find-files.ts";
import { isMapKey, keys, variableOf } from "./keys.ts";
import { normalized } from "./normalized.ts";
import type { ConfigFaults } from "./read-file.ts";
import { ConfigValues } from "./values.ts";

export interface ConfigSources {
  readonly options: Pick<CopilotOptions, "config" | "settings" | "stowConfig">;
  readonly env: Env;
  /** Paths of files are relative to it. */
  readonly workingDirectory: string;
  /** Read instead of those that `options.config` names. */
  readonly files?: readonly string[];
}

export interface LoadedConfig {
  readonly values: ConfigValues;
  readonly files: readonly string[];
  /** Keys of files that do not exist, where they are no fault. */
  readonly unknown: readonly string[];
}

/**
 * Throws `invalid_argument` (origin user) that lists every fault; unless `strict` is false also every unknown key of a file.
 */
export async function loadConfig(sources: ConfigSources, strict = true): Promise<LoadedConfig> {
  const { options, env, workingDirectory } = sources;
  const values = new ConfigValues();
  const found: ConfigFaults = { faults: [], unknown: [] };
  const files = sources.files ?? findConfigFiles(options.config, workingDirectory);
  if (files.length > 0) {
    const { readConfigFile } = await import("./read-file.ts");
    for (const file of files) await readConfigFile(file, values, found);
  }
  readEnvironment(env, values, found);
  for (const [name, text] of options.settings) setChecked(name, text, `--${name}`, values, found);
  if (options.stowConfig !== undefined) {
    values.clear(stowPath);
    for (const [key, text] of options.stowConfig) values.set([...stowPath, key], text, "--storage.stow.config");
  }
  const faults = strict ? [...found.faults, ...found.unknown] : found.faults;
  if (faults.length > 0) {
    throw new DataPlaneError("invalid_argument", `read configuration: ${faults.join("; ")}`, { origin: "user" });
  }
  return { values, files, unknown: found.unknown };
}

const stowPath = ["storage", "stow", "config"];

/** Of free maps only the region, which alone has a default, can come from the environment. */
function readEnvironment(env: Env, values: ConfigValues, found: ConfigFaults): void {
  const names = keys.filter((key) => !isMapKey(key)).map(({ name }) => name);
  for (const name of [...names, "storage.stow.config.region"]) {
    const text = env[variableOf(name)];
    if (text !== undefined && text !== "") setChecked(name, text, variableOf(name), values, found);
  }
}

function setChecked(name: string, text: string, source: string, values: ConfigValues, found: ConfigFaults): void {
  const kind = keys.find((key) => key.name === name)?.kind ?? "text";
  try {
    values.set(name.split("."), normalized(kind, text), source);
  } catch {
    found.faults.push(`${source} is no ${kind}`);
  }
}
