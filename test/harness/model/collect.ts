/** Sections 4.3 to 4.5, and items B20 to B25: what a task's files are by their declared types. */
import { Buffer } from "node:buffer";
import type { Dialect, FileSpec } from "../case.ts";
import type { OutputType } from "../output-type.ts";
import { type Content, integer, type Json, none, text, type Value } from "../value.ts";
import { parse, trim } from "./parse.ts";

export interface Collecting {
  readonly dialect: Dialect;
  /** What the task left, by path in its folder. */
  readonly files: Readonly<Record<string, FileSpec>>;
  readonly mostSimpleBytes: number;
}

export interface Collected {
  readonly value: Value;
  /** By key below the raw prefix. */
  readonly objects: Readonly<Record<string, Content>>;
}

/** Why an output cannot be collected. */
export class Uncollectable extends Error {}

export function collect(name: string, type: OutputType, setting: Collecting): Collected {
  if (setting.dialect === "reference" && !["simple", "file", "folder"].includes(type.is)) {
    throw new Uncollectable("not supported");
  }
  return read(name, type, find(name, setting.files), setting);
}

/** The value of one output, or of an entry of a list or dict, whose data go to `key`. */
function read(key: string, type: OutputType, found: Found | undefined, setting: Collecting): Collected {
  if (type.is === "union") return readUnion(key, type, found, setting);
  if (found === undefined) throw new Uncollectable("nothing left");
  switch (type.is) {
    case "simple": {
      const value = parse(type.type, small(found, setting));
      if (value === undefined) throw new Uncollectable("not of its type");
      return { value, objects: {} };
    }
    case "enum": {
      const said = Buffer.from(trim(small(found, setting))).toString("utf8");
      if (!type.values.includes(said)) throw new Uncollectable("none of the values");
      return { value: text(said), objects: {} };
    }
    case "file":
    case "folder":
      return blob(key, type, found, setting.dialect);
    case "schema":
    case "dataset": {
      const at = { key: `raw/${key}` };
      const value: Value = type.is === "schema" ? { is: "schema", at } : { is: "dataset", at, format: type.format };
      if (found.below === undefined) throw new Uncollectable("no folder");
      return { value, objects: under(key, found.below) };
    }
    case "list":
    case "map":
      if (found.below === undefined) return { value: ofJson(type, parsed(found.content)), objects: {} };
      return readEntries(key, type, found.below, setting);
    case "undeclared":
      throw new Uncollectable("not supported");
  }
}

function readUnion(
  key: string,
  { variants }: Extract<OutputType, { is: "union" }>,
  found: Found | undefined,
  setting: Collecting,
): Collected {
  const nothing = variants.find((variant) => variant.is === "simple" && variant.type === "NONE");
  const isNull =
    found === undefined ||
    (found.below === undefined && Buffer.from(trim(Buffer.from(found.content))).toString("utf8") === "null");
  if (nothing !== undefined && isNull) return { value: { is: "union", value: none, type: nothing }, objects: {} };
  for (const type of variants) {
    if (type === nothing) continue;
    try {
      const { value, objects } = read(key, type, found, setting);
      return { value: { is: "union", value, type }, objects };
    } catch (error) {
      if (!(error instanceof Uncollectable)) throw error;
    }
  }
  throw new Uncollectable("no variant fits");
}

function readEntries(
  key: string,
  type: Extract<OutputType, { is: "list" | "map" }>,
  below: Readonly<Record<string, Content>>,
  setting: Collecting,
): Collected {
  const tops = [...new Set(Object.keys(below).map((path) => path.split("/")[0] ?? ""))];
  const names = type.is === "map" ? tops : tops.map((_, at) => String(at));
  const entries = names.map((name) => {
    const found = type.is === "map" ? entry(name, below) : find(name, below);
    return [name, read(`${key}/${name}`, type.of, found, setting)] as const;
  });
  const objects = Object.assign({}, ...entries.map(([, one]) => one.objects)) as Record<string, Content>;
  if (type.is === "list") return { value: { is: "list", items: entries.map(([, { value }]) => value) }, objects };
  return { value: { is: "map", entries: entries.map(([name, { value }]) => [name, value]) }, objects };
}

function parsed(content: Content): Json {
  try {
    return JSON.parse(Buffer.from(content).toString("utf8")) as Json;
  } catch {
    throw new Uncollectable("no JSON");
  }
}

/** Of the types that JSON has itself. */
function ofJson(type: OutputType, json: Json): Value {
  if (type.is === "list" && Array.isArray(json))
    return { is: "list", items: (json as readonly Json[]).map((item) => ofJson(type.of, item)) };
  if (type.is === "map" && typeof json === "object" && json !== null && !Array.isArray(json))
    return { is: "map", entries: Object.entries(json).map(([name, item]) => [name, ofJson(type.of, item)]) };
  if (type.is === "simple" && type.type === "STRING" && typeof json === "string") return text(json);
  if (type.is === "simple" && type.type === "INTEGER" && typeof json === "number" && Number.isInteger(json))
    return integer(json);
  if (type.is === "simple" && type.type === "BOOLEAN" && typeof json === "boolean")
    return { is: "boolean", value: json };
  throw new Uncollectable("not of its type");
}

function blob(
  key: string,
  { is, format }: Extract<OutputType, { is: "file" | "folder" }>,
  found: Found,
  dialect: Dialect,
): Collected {
  const isFolder = found.below !== undefined;
  // The reference describes what is there, whatever is declared, and forgets the format.
  if (dialect === "ours" && isFolder !== (is === "folder")) throw new Uncollectable("the other kind");
  const value: Value = {
    is: isFolder ? "folder" : "file",
    at: { key: `raw/${key}` },
    format: dialect === "ours" ? format : "",
  };
  return { value, objects: found.below === undefined ? { [key]: found.content } : under(key, found.below) };
}

function under(key: string, below: Readonly<Record<string, Content>>): Readonly<Record<string, Content>> {
  return Object.fromEntries(Object.entries(below).map(([path, content]) => [`${key}/${path}`, content]));
}

function small(found: Found, { mostSimpleBytes }: Collecting): Uint8Array {
  if (found.below !== undefined) throw new Uncollectable("no file");
  const content = Buffer.from(found.content);
  if (content.byteLength > mostSimpleBytes) throw new Uncollectable("too large");
  return content;
}

type Found =
  | { readonly content: Content; readonly below?: undefined }
  | { readonly below: Readonly<Record<string, Content>> };

/** The entry of a name, else the only one whose name goes on with a dot. */
function find(name: string, files: Readonly<Record<string, FileSpec>>): Found | undefined {
  const tops = [...new Set(Object.keys(files).map((path) => path.split("/")[0] ?? ""))];
  if (tops.includes(name)) return entry(name, files);
  const candidates = tops.filter((top) => top.startsWith(`${name}.`));
  const [only] = candidates;
  if (only === undefined) return undefined;
  if (candidates.length > 1) throw new Uncollectable("several match");
  return entry(only, files);
}

function entry(top: string, files: Readonly<Record<string, FileSpec>>): Found {
  const own = files[top];
  if (typeof own === "string" || own instanceof Uint8Array) return { content: own };
  if (own !== undefined && "link" in own) return entry(own.link, files);
  if (own !== undefined && "fifo" in own) throw new Uncollectable("a pipe");
  const below: Record<string, Content> = {};
  for (const [path, spec] of Object.entries(files)) {
    if (!path.startsWith(`${top}/`)) continue;
    if (typeof spec === "string" || spec instanceof Uint8Array) below[path.slice(top.length + 1)] = spec;
    else if ("fifo" in spec) throw new Uncollectable("a pipe");
  }
  return { below };
}
