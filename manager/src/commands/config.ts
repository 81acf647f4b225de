import { configPage } from "@flyte-dataplane/runtime/config";
import { howToSet, loadSettings, sections } from "../settings.ts";
import type { Machine } from "./places.ts";

export interface ConfigCommandOptions {
  readonly config?: string;
  readonly changed?: boolean;
  readonly json?: boolean;
  readonly page?: boolean;
}

/** Prints what `serve` would run with and where each value comes from; secrets stay hidden. Status 2 when anything is wrong. */
export async function config(machine: Machine, options: ConfigCommandOptions): Promise<number> {
  if (options.page === true) {
    machine.say(referencePage().trimEnd());
    return 0;
  }
  const { origins } = await loadSettings({
    env: machine.env,
    flags: {},
    ...(options.config !== undefined && { file: options.config }),
  });
  const shown = options.changed === true ? origins.filter(({ source }) => source !== "default") : origins;
  if (options.json === true) {
    machine.say(
      JSON.stringify(
        shown.map(({ name, value, source }) => ({ name, value, source })),
        undefined,
        2,
      ),
    );
    return 0;
  }
  for (const { name, shown: value, source } of shown) machine.say(`${name} = ${value}  (${source})`);
  return 0;
}

/** `docs/configuration.md`, which a test compares with this. */
export function referencePage(): string {
  return `# Configuration

This page is written by \`flyte-dataplane config --page\`, from what the program itself reads.

${howToSet}

${configPage(sections)}`;
}
