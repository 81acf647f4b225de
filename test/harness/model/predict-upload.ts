import { Buffer } from "node:buffer";
import type { Dialect, ErrorExpectation, Expected, FileSpec } from "../case.ts";
import { contentEntry, literalsEntry } from "../entry.ts";
import type { Entry } from "../observation.ts";
import { encodeMap, type Locate } from "../to-literal.ts";
import type { Content, Value } from "../value.ts";
import { none, text } from "../value.ts";
import { parse, type SimpleName, trim } from "./parse.ts";
import { documents } from "./predict-download.ts";

/** A declared output. */
export type OutputType =
  | { readonly is: "simple"; readonly type: SimpleName }
  | { readonly is: "file" | "folder"; readonly format: string }
  | { readonly is: "enum"; readonly values: readonly string[] }
  | { readonly is: "optional"; readonly of: OutputType }
  | { readonly is: "list"; readonly of: OutputType }
  | { readonly is: "map"; readonly of: OutputType }
  | { readonly is: "schema" | "dataset" }
  | { readonly is: "undeclared" };

export interface UploadFacts {
  readonly dialect: Dialect;
  readonly types: Readonly<Record<string, OutputType>>;
  /** What the task left, by path in its folder. */
  readonly files: Readonly<Record<string, FileSpec>>;
  /** Name of the outputs message. */
  readonly metaName?: string;
  readonly locate: Locate;
}

/** Why an output cannot be collected. */
class Uncollectable extends Error {}

/** The outcome of an upload whose store works, by section 4 of the contract. */
export function predictUpload(facts: UploadFacts): Expected {
  const { dialect, types, files, metaName = "outputs.pb" } = facts;
  const own = ownError(files["_ERROR"], dialect);
  if (own !== undefined) return uploadFails(dialect, own);
  const failed: string[] = [];
  const values: Record<string, Value> = {};
  const remote: Record<string, Entry> = {};
  for (const [name, type] of Object.entries(types)) {
    try {
      const collected = collect(name, type, facts);
      values[name] = collected.value;
      for (const [key, content] of Object.entries(collected.objects)) remote[`raw/${key}`] = contentEntry(content);
    } catch (error) {
      if (!(error instanceof Uncollectable)) throw error;
      failed.push(name);
    }
  }
  if (failed.length > 0) return uploadFails(dialect, { names: failed, origin: "USER" });
  remote[`out/${metaName}`] = literalsEntry(encodeMap(values, facts.locate));
  return { status: 0, remote: { whole: true, entries: remote } };
}

/** An upload that fails and says so: one document, nothing announced. */
export function uploadFails(
  dialect: Dialect,
  what: Partial<ErrorExpectation> & { readonly names?: readonly string[] },
): Expected {
  const { names = [] } = what;
  const told = dialect === "ours" || names.length === 1 ? names : [];
  return {
    status: 0,
    remote: {
      whole: false,
      entries: documents(dialect, { code: "OutputUploadFailed", ...what, names: told }),
      lacks: ["out/outputs.pb"],
    },
  };
}

const mebibyte = 1024 * 1024;

function ownError(spec: FileSpec | undefined, dialect: Dialect): Partial<ErrorExpectation> | undefined {
  if (spec === undefined) return undefined;
  if (typeof spec !== "string" && !(spec instanceof Uint8Array)) return { origin: "any" };
  const content = Buffer.from(spec);
  if (content.byteLength > mebibyte) return { says: ["too large"], origin: "USER" };
  const said = content.toString("utf8");
  const declared = dialect === "ours" ? declaredError(said) : undefined;
  return declared ?? { says: [`User Error: ${said}`], origin: "USER" };
}

/** JSON with a message says all of it; of ours. */
function declaredError(said: string): Partial<ErrorExpectation> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(said);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("message" in value) || typeof value.message !== "string") {
    return undefined;
  }
  return {
    ...("code" in value && typeof value.code === "string" && value.code !== "" && { code: value.code }),
    says: [value.message],
    kind: "recoverable" in value && value.recoverable === false ? "NON_RECOVERABLE" : "RECOVERABLE",
    origin: "USER",
  };
}

interface CollectedOne {
  readonly value: Value;
  readonly objects: Readonly<Record<string, Content>>;
}

const mostSimpleBytes = 1024;

function collect(name: string, type: OutputType, facts: UploadFacts): CollectedOne {
  const { dialect } = facts;
  const found = find(name, facts.files);
  switch (type.is) {
    case "simple": {
      const value = parse(type.type, small(found));
      if (value === undefined) throw new Uncollectable(name);
      return { value, objects: {} };
    }
    case "enum": {
      if (dialect === "reference") throw new Uncollectable("not supported");
      const said = Buffer.from(trim(small(found))).toString("utf8");
      if (!type.values.includes(said)) throw new Uncollectable("none of the values");
      return { value: text(said), objects: {} };
    }
    case "file":
    case "folder":
      return blob(name, type, found, dialect);
    case "optional":
      if (dialect === "reference") throw new Uncollectable("not supported");
      if (found === undefined) return { value: none, objects: {} };
      return collect(name, type.of, facts);
    default:
      throw new Uncollectable("not supported");
  }
}

function blob(
  name: string,
  { is, format }: Extract<OutputType, { is: "file" | "folder" }>,
  found: Found | undefined,
  dialect: Dialect,
): CollectedOne {
  if (found === undefined) throw new Uncollectable("nothing left");
  const isFolder = found.below !== undefined;
  // The reference describes what is there, whatever is declared, and forgets the format.
  if (dialect === "ours" && isFolder !== (is === "folder")) throw new Uncollectable("the other kind");
  const value: Value = {
    is: isFolder ? "folder" : "file",
    at: { key: `raw/${name}` },
    format: dialect === "ours" ? format : "",
  };
  if (found.below === undefined) return { value, objects: { [name]: found.content } };
  const objects = Object.entries(found.below).map(([path, content]) => [`${name}/${path}`, content] as const);
  return { value, objects: Object.fromEntries(objects) };
}

function small(found: Found | undefined): Uint8Array {
  if (found === undefined || found.below !== undefined) throw new Uncollectable("no file");
  const content = Buffer.from(found.content);
  if (content.byteLength > mostSimpleBytes) throw new Uncollectable("too large");
  return content;
}

type Found =
  | { readonly content: Content; readonly below?: undefined }
  | { readonly below: Readonly<Record<string, Content>> };

/** The entry of a variable: of its name, else the only one whose name goes on with a dot. */
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
