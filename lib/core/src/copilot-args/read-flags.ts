import { DataPlaneError } from "../errors.ts";
import type { Flag } from "./flag-table.ts";

/** One use of a flag, in the order of the command line. */
export interface FlagUse {
  readonly flag: Flag;
  /** The text after it; `true` for a switch that stands alone. */
  readonly value: string;
}

export interface ReadFlags {
  readonly uses: readonly FlagUse[];
  readonly words: readonly string[];
}

/**
 * Splits arguments into uses of the known flags and plain words: `--name value`, `--name=value`, `-n value`,
 * `-nvalue`, `-n=value`, switches joined behind one dash; `--` ends the flags. Throws `invalid_argument`, naming the
 * flag, for an unknown one and for one whose value is missing.
 */
export function readFlags(argv: readonly string[], flags: readonly Flag[]): ReadFlags {
  const uses: FlagUse[] = [];
  const words: string[] = [];
  const queue = [...argv].reverse();
  for (let word = queue.pop(); word !== undefined; word = queue.pop()) {
    if (word === "--") words.push(...queue.splice(0).reverse());
    else if (word.startsWith("--")) uses.push(longFlag(word, flags, queue));
    else if (word.startsWith("-") && word.length > 1) uses.push(...shortFlags(word, flags, queue));
    else words.push(word);
  }
  return { uses, words };
}

function longFlag(word: string, flags: readonly Flag[], queue: string[]): FlagUse {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const flag = flags.find((candidate) => candidate.name === name);
  if (flag === undefined) throw badFlag(`unknown flag: --${name}`);
  if (equals >= 0) return { flag, value: word.slice(equals + 1) };
  return { flag, value: flag.kind === "switch" ? "true" : nextValue(`--${name}`, queue) };
}

function shortFlags(word: string, flags: readonly Flag[], queue: string[]): FlagUse[] {
  const uses: FlagUse[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const flag = flags.find((candidate) => candidate.short === letter);
    if (flag === undefined) throw badFlag(`unknown shorthand flag: -${letter} in ${word.slice(0, 32)}`);
    const rest = word.slice(at + 1);
    if (rest.startsWith("=")) return [...uses, { flag, value: rest.slice(1) }];
    if (flag.kind === "switch") {
      uses.push({ flag, value: "true" });
    } else {
      return [...uses, { flag, value: rest === "" ? nextValue(`-${letter}`, queue) : rest }];
    }
  }
  return uses;
}

function nextValue(flag: string, queue: string[]): string {
  const value = queue.pop();
  if (value === undefined) throw badFlag(`flag needs an argument: ${flag}`);
  return value;
}

/** Names the flag, never its value: values may be credentials. */
export function badFlag(what: string, cause?: unknown): DataPlaneError {
  return new DataPlaneError("invalid_argument", what, { origin: "user", cause });
}
