/**
 * File, environment and flags into typed, frozen values. Later sources win: default, file, environment, flag. Texts of the
 * file may refer to variables and to files; a variable with `_FILE` behind its name says which file holds the value. Every
 * fault of every source is reported in one error, before anything opens.
 */
import { DataPlaneError, type Env } from "@flyte-dataplane/core";
import { parseDocument } from "yaml";
import { expand, type References, readValue } from "./expand.ts";
import { dotted, type Entry, entries, environmentName, environmentPrefix, type Section } from "./section.ts";
import { suggest } from "./suggest.ts";

export interface ConfigSources {
  readonly file?: { readonly path: string; readonly text: string };
  readonly env: Env;
  /** Text of a file that a value refers to; throws an Error that says why not. Without it none can be read. */
  readonly readText?: (path: string) => string;
  /** By dotted name: `server.port`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Keys of the file that stand for others, by the dotted name that they begin with: `{ "runs.database": "database" }`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Variables with our prefix that are not configuration (the file's own path). */
  readonly otherVariables?: readonly string[];
}

export interface Config {
  /** The frozen value of a section that was given to `loadConfig`. */
  get<T>(section: Section<T>): T;
  /** Every value with the source it came from; secrets hidden. */
  readonly origins: readonly ConfigOrigin[];
}

export interface ConfigOrigin {
  readonly name: string;
  readonly value: unknown;
  /** The value as a person would write it. */
  readonly shown: string;
  readonly source: "default" | "file" | "environment" | "flag";
}

interface Given {
  readonly raw: unknown;
  readonly source: ConfigOrigin["source"];
  /** How a person named it: the variable, the flag, or the key in the file. */
  readonly named: string;
  /** Gives what is meant where `raw` refers to it; throws an Error that shows no more than the reference. */
  readonly refer?: (references: References) => unknown;
}

const hidden = "[hidden]";

function unreadable(path: string): string {
  throw new Error(`refers to ${path}; no file can be read here`);
}

/** What is wrong with a secret is not told: its value would be. */
function parse(field: Entry["field"], raw: unknown): unknown {
  try {
    return field.parse(raw);
  } catch (error) {
    throw field.secret ? new TypeError("is not what is expected") : error;
  }
}

/** Throws `invalid_argument` that lists every fault, one a line. */
export function loadConfig(sections: readonly Section<unknown>[], sources: ConfigSources): Config {
  const known = sections.flatMap((section) => entries(section));
  const faults: string[] = [];
  const references: References = { env: sources.env, readText: sources.readText ?? unreadable };
  const given = new Map<string, Given>();
  for (const [name, value] of fromFile(known, sources, faults)) given.set(name, value);
  for (const [name, value] of fromEnvironment(known, sources, faults)) given.set(name, value);
  for (const [name, value] of fromFlags(known, sources.flags ?? {}, faults)) given.set(name, value);

  const origins: ConfigOrigin[] = [];
  const tree: Record<string, unknown> = {};
  for (const { path, field } of known) {
    const name = dotted(path);
    const from = given.get(name);
    let value = field.default;
    try {
      if (from !== undefined) value = parse(field, from.refer === undefined ? from.raw : from.refer(references));
    } catch (error) {
      faults.push(`${from?.named ?? name} ${error instanceof Error ? error.message : String(error)}`);
    }
    place(tree, path, value);
    const secret = field.secret && value !== field.default;
    origins.push({
      name,
      value: secret ? hidden : value,
      shown: secret ? hidden : field.show(value),
      source: from?.source ?? "default",
    });
  }
  if (faults.length > 0) {
    throw new DataPlaneError(
      "invalid_argument",
      `read configuration: ${faults.length === 1 ? "" : `${faults.length} faults\n  `}${faults.join("\n  ")}`,
      {
        origin: "user",
      },
    );
  }
  deepFreeze(tree);
  return {
    origins,
    // The section's own fields made this value, each of the type the section promises.
    get: <T>(section: Section<T>) => tree[section.name] as T,
  };
}

function fromFile(
  known: readonly Entry[],
  { file, aliases = {} }: ConfigSources,
  faults: string[],
): ReadonlyMap<string, Given> {
  const found = new Map<string, Given>();
  if (file === undefined) return found;
  const document = parseDocument(file.text, { prettyErrors: true, uniqueKeys: true });
  if (document.errors.length > 0) {
    faults.push(
      ...document.errors.map((error) => `${file.path}: ${(error.message.split("\n")[0] ?? "").replace(/:$/, "")}`),
    );
    return found;
  }
  const root: unknown = document.toJS({ maxAliasCount: 100 });
  if (root === null || root === undefined) return found;
  const names = new Set(known.map((entry) => dotted(entry.path)));
  const groups = new Set(known.flatMap((entry) => entry.path.map((_, index) => dotted(entry.path.slice(0, index)))));
  const visit = (value: unknown, path: readonly string[]): void => {
    const written = dotted(path);
    const name = meant(written, aliases);
    const before = found.get(name);
    if (before !== undefined) {
      // Where several services had a section each, it may well stand in each.
      if (JSON.stringify(before.raw) === JSON.stringify(value)) return;
      faults.push(`${before.named} is another than ${written}, and both mean ${name}; leave one of them out`);
    } else if (names.has(name)) {
      const refer = (references: References): unknown => expand(value, references);
      found.set(name, { raw: value, source: "file", named: `${file.path}: ${written}`, refer });
    } else if (!groups.has(name)) {
      faults.push(`${file.path}: unknown key ${written}${suggest(written, [...names, ...groups])}`);
    } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
    } else if (value !== null) {
      // Not what it is: `database: postgresql://me:secret@host` is an easy mistake.
      const kind = Array.isArray(value) ? "a list" : `a ${typeof value === "string" ? "text" : typeof value}`;
      faults.push(`${file.path}: ${name === "" ? "the file" : name} is ${kind}; expected keys below it`);
    }
  };
  visit(root, []);
  return found;
}

function meant(written: string, aliases: Readonly<Record<string, string>>): string {
  const alias = Object.entries(aliases).find(([from]) => written === from || written.startsWith(`${from}.`));
  return alias === undefined ? written : `${alias[1]}${written.slice(alias[0].length)}`;
}

function fromEnvironment(
  known: readonly Entry[],
  sources: ConfigSources,
  faults: string[],
): ReadonlyMap<string, Given> {
  const found = new Map<string, Given>();
  const names = new Map(known.map((entry) => [environmentName(entry.path), dotted(entry.path)]));
  for (const [variable, value] of Object.entries(sources.env)) {
    if (
      value === undefined ||
      !variable.startsWith(environmentPrefix) ||
      sources.otherVariables?.includes(variable) === true
    )
      continue;
    const name = names.get(variable);
    const inFile = names.get(variable.replace(/_FILE$/, ""));
    if (name !== undefined) {
      found.set(name, { raw: value, source: "environment", named: variable });
    } else if (inFile !== undefined) {
      const refer = (references: References): string => readValue(value, references);
      if (sources.env[variable.replace(/_FILE$/, "")] !== undefined)
        faults.push(`${variable} is set beside the variable without _FILE; leave one of them out`);
      found.set(inFile, { raw: value, source: "environment", named: variable, refer });
    } else {
      faults.push(`unknown environment variable ${variable}${suggest(variable, [...names.keys()])}`);
    }
  }
  return found;
}

function fromFlags(
  known: readonly Entry[],
  flags: Readonly<Record<string, string>>,
  faults: string[],
): ReadonlyMap<string, Given> {
  const found = new Map<string, Given>();
  const names = known.map((entry) => dotted(entry.path));
  for (const [name, value] of Object.entries(flags)) {
    if (names.includes(name)) found.set(name, { raw: value, source: "flag", named: flagName(name) });
    else faults.push(`unknown flag --${name}${suggest(name, names)}`);
  }
  return found;
}

/** Flags carry the last part of a name in kebab case: `--log-level` for `server.logLevel`. */
function flagName(name: string): string {
  const last = name.slice(name.lastIndexOf(".") + 1);
  return `--${last.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function place(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = tree;
  for (const key of path.slice(0, -1)) {
    const next = (at[key] ??= {});
    at = next as Record<string, unknown>;
  }
  at[path.at(-1) ?? ""] = value;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
