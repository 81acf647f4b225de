/** Sections 3.2 to 3.6: where values land. Data in, data out. */
import { Buffer } from "node:buffer";
import type { Dialect } from "../case.ts";
import type { Content, Json, Notes, Place, Value } from "../value.ts";
import type { Plain } from "./metadata.ts";
import { jsonText } from "./metadata.ts";
import { datetimeText, durationNanos, durationText, floatText } from "./text.ts";

export interface Setting {
  readonly dialect: Dialect;
  /** Absolute path that is filled. */
  readonly folder: string;
  readonly named: boolean;
  /** Objects of the case by key. */
  readonly objects: ReadonlyMap<string, Content>;
  /** Bodies of the case's web server by path; of what answers with success. */
  readonly web: ReadonlyMap<string, Content>;
  /** Objects of the other bucket by key. */
  readonly other: ReadonlyMap<string, Content>;
  /** Whether files stay where they are. */
  readonly remote: boolean;
}

/** A value that is staged. */
export interface Staged {
  /** Files by path below the folder; undefined for an empty folder. */
  readonly files: ReadonlyMap<string, Content | undefined>;
  /** What `inputs.pb` has, locations replaced. */
  readonly value: Value;
  /** What `inputs.json` has. */
  readonly plain: Plain;
}

/** Why a variable cannot be staged. */
export class Unstageable extends Error {}

/** Where a value goes: its own path, and for an element of a list the names its siblings took. */
interface Slot {
  readonly path: string;
  /** Whether it is an entry of a map, of which alone the reference follows offloaded literals, once. */
  readonly entry?: boolean;
  readonly sibling?: { readonly folder: string; readonly index: number; readonly taken: Set<string> };
}

/** Stages one variable. Throws `Unstageable` where the contract has it fail. */
export function place(name: string, value: Value, setting: Setting): Staged {
  const reserved = ["inputs.pb", "inputs.json", "inputs.yaml", "outputs.pb", "error.pb", "errors.pb", "_ERROR"];
  if (setting.dialect === "ours" && reserved.includes(name)) throw new Unstageable("reserved");
  checkName(name);
  return at(value, { path: name, entry: true }, setting, 0);
}

function checkName(name: string): void {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) throw new Unstageable("no file's name");
}

function at(value: Value, slot: Slot, setting: Setting, hops: number): Staged {
  const notes: Notes = setting.dialect === "ours" ? notesOf(value) : {};
  const staged = bare(value, slot, setting, hops);
  return { ...staged, value: { ...staged.value, ...notes } };
}

/** Offloaded literals that may lead to one another, of ours. */
const mostHops = 16;

function bare(value: Value, slot: Slot, setting: Setting, hops: number): Staged {
  const { dialect } = setting;
  const file = (content: Content, plain: Plain): Staged => ({
    files: new Map([[slot.path, content]]),
    value: withoutNotes(value),
    plain,
  });
  switch (value.is) {
    case "integer":
      return file(value.value.toString(), value.value);
    case "float":
      return file(floatText(value.value), value.value);
    case "string":
      return file(value.value, value.value);
    case "boolean":
      return file(String(value.value), value.value);
    case "datetime": {
      const text = datetimeText(value.seconds, value.nanos);
      return file(text, text);
    }
    case "duration":
      return file(durationText(value.seconds, value.nanos), durationNanos(value.seconds, value.nanos));
    case "blank":
    case "none":
      return file("null", null);
    case "binary":
      return file(value.bytes, Buffer.from(value.bytes).toString("base64"));
    case "error":
      return file(value.message, value.message);
    case "struct": {
      const plain = ofJson(value.value);
      return file(jsonText(plain), plain);
    }
    case "union": {
      // A union hides its value from the reference, which so finds no file to name.
      const inner = at(
        value.value,
        { ...slot, entry: false },
        dialect === "ours" ? setting : { ...setting, named: false },
        hops,
      );
      return { ...inner, value: { is: "union", value: inner.value } };
    }
    case "list": {
      const taken = new Set<string>();
      const items = value.items.map((item, index) =>
        at(item, { path: `${slot.path}/${index}`, sibling: { folder: slot.path, index, taken } }, setting, hops),
      );
      return joined(
        slot.path,
        items,
        { is: "list", items: items.map((item) => item.value) },
        items.map((item) => item.plain),
      );
    }
    case "map": {
      const entries = value.entries.map(([key, entry]) => {
        checkName(key);
        return [key, at(entry, { path: `${slot.path}/${key}`, entry: true }, setting, hops)] as const;
      });
      const placed: Value = { is: "map", entries: entries.map(([key, entry]) => [key, entry.value]) };
      const plain = new Map(entries.map(([key, entry]) => [key, entry.plain]));
      return joined(
        slot.path,
        entries.map(([, entry]) => entry),
        placed,
        plain,
      );
    }
    case "offloaded": {
      if (hops >= mostHops) throw new Unstageable("too many literals lead to one another");
      if (dialect === "reference" && slot.entry !== true) throw new Unstageable("not supported");
      const resolved = at(value.value, { ...slot, entry: false }, setting, hops + 1);
      // What its writer noted beside the reference counts more than what stands beside the stored literal.
      return { ...resolved, value: { ...resolved.value, ...(dialect === "ours" && notesOf(value)) } };
    }
    case "reference":
    case "hollow":
      throw new Unstageable("no value");
    case "file":
      return single(value, slot, setting);
    case "folder":
    case "schema":
    case "dataset":
      if (value.is === "dataset" && dialect === "reference") throw new Unstageable("not supported");
      return tree(value, slot, setting);
  }
}

function joined(path: string, parts: readonly Staged[], value: Value, plain: Plain): Staged {
  const files = new Map(parts.flatMap((part) => [...part.files]));
  if (files.size === 0) files.set(path, undefined);
  return { files, value, plain };
}

function single(value: Extract<Value, { is: "file" }>, slot: Slot, setting: Setting): Staged {
  if (setting.remote) return { files: new Map(), value: withoutNotes(value), plain: uriMark };
  const content = contentOf(value.at, setting);
  if (content === undefined) throw new Unstageable("no such object");
  const path = setting.named ? namedPath(value.at, slot, setting) : slot.path;
  const local = `${setting.folder}/${path}`;
  return { files: new Map([[path, content]]), value: { ...withoutNotes(value), at: { uri: local } }, plain: local };
}

/** A location that stays as it is; cases with such files say what they expect themselves. */
const uriMark = "";

function tree(value: Extract<Value, { is: "folder" | "schema" | "dataset" }>, slot: Slot, setting: Setting): Staged {
  if (setting.remote) return { files: new Map(), value: withoutNotes(value), plain: uriMark };
  const below = objectsBelow(value.at, setting);
  const local = `${setting.folder}/${slot.path}`;
  if (below.length === 0 && setting.dialect === "reference") {
    return { files: new Map(), value: { ...withoutNotes(value), at: { uri: local } }, plain: null };
  }
  const files = new Map<string, Content | undefined>();
  for (const [name, content] of below) {
    const parts = name.split("/");
    if (parts.some((part) => part === ".." || part === ".")) throw new Unstageable("a key leaves the folder");
    // A marker of a folder is the folder.
    if (name === "" || name.endsWith("/")) files.set(`${slot.path}/${name}`.replace(/\/$/, ""), undefined);
    else files.set(`${slot.path}/${name}`, content);
  }
  for (const [path, content] of files) {
    if (content === undefined && [...files.keys()].some((other) => other.startsWith(`${path}/`))) files.delete(path);
  }
  if (files.size === 0) files.set(slot.path, undefined);
  return { files, value: { ...withoutNotes(value), at: { uri: local } }, plain: local };
}

function objectsBelow(at: Place, { dialect, objects, other }: Setting): readonly (readonly [string, Content])[] {
  const [key, from] = "other" in at ? [at.other, other] : ["key" in at ? at.key : "", objects];
  const prefix = `${key.replace(/\/+$/, "")}/`;
  if (dialect === "ours") {
    return [...from]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, content]) => [name.slice(prefix.length), content]);
  }
  // The listing's prefix has no slash at its end: siblings whose names begin alike come along.
  const bare = prefix.slice(0, -1);
  return [...from]
    .filter(([name]) => name.startsWith(bare))
    .map(([name, content]) => [name.slice(bare.length).replace(/^\//, ""), content]);
}

function contentOf(at: Place, { objects, web, other }: Setting): Content | undefined {
  if ("key" in at) return objects.get(at.key);
  if ("web" in at) return web.get(at.web);
  return "other" in at ? other.get(at.other) : undefined;
}

function namedPath(at: Place, { path, sibling }: Slot, { dialect }: Setting): string {
  const base = baseOf(at, dialect);
  if (sibling === undefined) return `${path}/${base}`;
  const { folder, index, taken } = sibling;
  let name = base;
  if (dialect === "reference") {
    if (name === "" || name === "." || name === "/" || taken.has(name)) name = `${index}_${base}`;
  } else {
    while (name === "" || name === "." || name === ".." || taken.has(name)) name = `${index}_${name}`;
  }
  taken.add(name);
  return `${folder}/${name}`;
}

/** The reference takes the location as it is written; ours decodes it, and drops the query of a web address. */
function baseOf(at: Place, dialect: Dialect): string {
  const last = (location: string): string => location.replace(/\/+$/, "").split("/").at(-1) ?? "";
  if ("web" in at) return dialect === "ours" ? decodeURIComponent(last(at.web.replace(/[?#].*$/, ""))) : last(at.web);
  const key = "key" in at ? at.key : "other" in at ? at.other : "";
  return dialect === "ours" ? last(key) : encodeURIComponent(last(key));
}

function notesOf({ hash, metadata, artifact }: Value): Notes {
  return {
    ...(hash !== undefined && { hash }),
    ...(metadata !== undefined && { metadata }),
    ...(artifact !== undefined && { artifact }),
  };
}

function withoutNotes<V extends Value>(value: V): V {
  const { hash: _hash, metadata: _metadata, artifact: _artifact, ...rest } = value;
  return rest as V;
}

function ofJson(value: Json): Plain {
  if (Array.isArray(value)) return (value as readonly Json[]).map(ofJson);
  if (typeof value === "object" && value !== null)
    return new Map(Object.entries(value as Readonly<Record<string, Json>>).map(([key, of]) => [key, ofJson(of)]));
  return value;
}
