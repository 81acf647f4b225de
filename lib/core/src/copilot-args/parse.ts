import { parseBoolean } from "../text/boolean.ts";
import { parseDuration } from "../text/duration.ts";
import { parseInteger } from "../text/integer.ts";
import { copilotErrorFile, outputsFile } from "../wire-names.ts";
import { configFlags, downloadFlags, type Flag, isSetting, persistentFlags, sidecarFlags } from "./flag-table.ts";
import type { ConfigAction, CopilotCommand, CopilotInvocation, CopilotOptions } from "./invocation.ts";
import { badFlag, type FlagUse, readFlags } from "./read-flags.ts";
import { parsePairs } from "./stow-config.ts";

/**
 * Reads the arguments after the program's name. Flags of every command may stand before and after the sub-command;
 * words after it are ignored. Throws `invalid_argument` (origin user), naming the flag or the word, for an unknown
 * flag or command, a missing value and a value that cannot be read. The message never quotes a value.
 */
export function parseCopilotArgs(argv: readonly string[]): CopilotInvocation {
  // Which word is the sub-command depends only on which flags take a value, and there all commands agree.
  const every = [...persistentFlags, ...downloadFlags, ...sidecarFlags, ...configFlags];
  const { uses: anyUses, words } = readFlags(argv, every);
  const name = words[0];
  const known = name === undefined ? undefined : commands.get(name);
  // A pair whose flag was forgotten may be a credential.
  const shown = name?.replace(/=.*/s, "").slice(0, 32);
  if (name !== undefined && known === undefined) throw badFlag(`unknown command ${JSON.stringify(shown)}`);
  if (known === undefined) {
    if (anyUses.some((use) => use.flag.name === "help"))
      return { command: { name: "help", topic: "" }, options: optionsOf([]) };
    throw badFlag("use one of the sub-commands: download, sidecar, config");
  }
  const { uses } = readFlags(argv, [...known.flags, ...persistentFlags]);
  checkValues(uses);
  const options = optionsOf(uses);
  if (uses.some((use) => use.flag.name === "help" && parseBoolean(use.value))) {
    return { command: { name: "help", topic: name ?? "" }, options };
  }
  return { command: known.read(uses, words.slice(1)), options };
}

interface Command {
  readonly flags: readonly Flag[];
  read(uses: readonly FlagUse[], words: readonly string[]): CopilotCommand;
}

const hourMs = 3_600_000;

const commandTable: Readonly<Record<CopilotCommand["name"], Command>> = {
  download: {
    flags: downloadFlags,
    read: (uses) => ({
      name: "download",
      fromRemote: last(uses, "from-remote") ?? "",
      toOutputPrefix: last(uses, "to-output-prefix") ?? "",
      toLocalDir: last(uses, "to-local-dir") ?? "",
      format: last(uses, "format") ?? "JSON",
      downloadMode: last(uses, "download-mode") ?? "DOWNLOAD_EAGER",
      fileInputLayout: last(uses, "file-input-layout") || "DIRECT",
      timeoutMs: timeoutMs(last(uses, "timeout")),
      ...bytesOf(uses, "input-interface", "inputInterface"),
    }),
  },
  sidecar: {
    flags: sidecarFlags,
    read: (uses) => ({
      name: "sidecar",
      toOutputPrefix: last(uses, "to-output-prefix") ?? "",
      toRawOutput: last(uses, "to-raw-output") ?? "",
      fromLocalDir: last(uses, "from-local-dir") ?? "",
      ...bytesOf(uses, "interface", "interface"),
      metaOutputName: last(uses, "meta-output-name") ?? outputsFile,
      format: last(uses, "format") ?? "JSON",
      uploadMode: last(uses, "upload-mode") ?? "UPLOAD_ON_EXIT",
      timeoutMs: timeoutMs(last(uses, "timeout", "start-timeout")),
      startWatcherType: last(uses, "start-watcher-type") ?? "signal",
    }),
  },
  config: {
    flags: configFlags,
    read: (uses, words) => {
      const files = uses.filter((use) => use.flag.name === "file").map((use) => use.value);
      return {
        name: "config",
        action: configAction(words[0]),
        files,
        strict: parseBoolean(last(uses, "strict") ?? "false"),
      };
    },
  },
  completion: { flags: [], read: (_uses, words) => ({ name: "completion", shell: words[0] ?? "" }) },
  ready: { flags: [], read: () => ({ name: "ready" }) },
  help: { flags: [], read: (_uses, words) => ({ name: "help", topic: words[0] ?? "" }) },
};

/** By word; a map, so that a word such as "constructor" names no command. */
const commands: ReadonlyMap<string, Command> = new Map(Object.entries(commandTable));

function configAction(word: string | undefined): ConfigAction {
  if (word === "validate" || word === "discover" || word === "docs") return word;
  throw badFlag("use one of the sub-commands of config: validate, discover, docs");
}

function optionsOf(uses: readonly FlagUse[]): CopilotOptions {
  const settings = uses.filter((use) => isSetting(use.flag.name) && use.flag.kind !== "pairs");
  const pairs = uses.filter((use) => use.flag.kind === "pairs");
  return {
    config: last(uses, "config") ?? "",
    errOutputName: last(uses, "err-output-name") ?? copilotErrorFile,
    strictExit: parseBoolean(last(uses, "strict-exit") ?? "false"),
    settings: new Map(settings.map((use) => [use.flag.name, use.value])),
    ...(pairs.length > 0 && { stowConfig: new Map(pairs.flatMap((use) => parsePairs(use.value))) }),
  };
}

/** Every value must be readable, also those of flags without effect and those that a later use replaces. */
function checkValues(uses: readonly FlagUse[]): void {
  for (const { flag, value } of uses) {
    try {
      if (flag.kind === "switch") parseBoolean(value);
      else if (flag.kind === "number") parseInteger(value);
      else if (flag.kind === "duration") parseDuration(value);
      else if (flag.kind === "base64") parseBase64(value);
    } catch (cause) {
      throw badFlag(`invalid argument for --${flag.name}: expected ${expectations[flag.kind]}`, cause);
    }
  }
}

const expectations: Readonly<Record<Flag["kind"], string>> = {
  text: "text",
  switch: "true or false",
  number: "an integer",
  duration: "a duration such as 1h0m0s",
  base64: "standard base64 with padding",
  pairs: "key=value",
};

/** The last value given for any of these flags. */
function last(uses: readonly FlagUse[], ...names: readonly string[]): string | undefined {
  return uses.findLast((use) => names.includes(use.flag.name))?.value;
}

/** Whole milliseconds, at least one; zero and less mean no limit. */
function timeoutMs(text: string | undefined): number {
  if (text === undefined) return hourMs;
  const nanos = parseDuration(text);
  return nanos <= 0n ? 0 : Number((nanos + 999_999n) / 1_000_000n);
}

function bytesOf<Key extends string>(
  uses: readonly FlagUse[],
  flag: string,
  key: Key,
): { readonly [K in Key]?: Uint8Array } {
  const value = last(uses, flag);
  return value === undefined ? {} : ({ [key]: parseBase64(value) } as { readonly [K in Key]?: Uint8Array });
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function parseBase64(value: string): Uint8Array {
  const trimmed = value.trim();
  if (!base64.test(trimmed)) throw badFlag("not base64");
  return new Uint8Array(Buffer.from(trimmed, "base64"));
}
