import { canonical } from "../canonical.ts";
import type { Dialect, ErrorExpectation, Expected, TreeExpectation } from "../case.ts";
import { contentEntry, digits, literalsEntry } from "../entry.ts";
import type { Entry } from "../observation.ts";
import { encodeMap, type Locate } from "../to-literal.ts";
import type { Value } from "../value.ts";
import { jsonText, type Plain, plainData } from "./metadata.ts";
import { place, type Setting, type Staged, Unstageable } from "./place.ts";

export interface DownloadFacts extends Setting {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly format: "JSON" | "YAML" | "PROTO";
  readonly locate: Locate;
}

/** The outcome of a download whose store works, by sections 3.1 to 3.11 of the contract. */
export function predictDownload(facts: DownloadFacts): Expected {
  const { inputs, dialect } = facts;
  const staged = new Map<string, Staged>();
  const failed: string[] = [];
  for (const [name, value] of Object.entries(inputs)) {
    try {
      staged.set(name, place(name, value, facts));
    } catch (error) {
      if (!(error instanceof Unstageable)) throw error;
      failed.push(name);
    }
  }
  if (failed.length > 0) return downloadFails(dialect, failed);
  // The reference's message of nothing is none, and what JSON has no form for fails it once everything is staged.
  if (dialect === "reference" && (staged.size === 0 || (facts.format !== "PROTO" && !isListable(inputs)))) {
    return downloadFails(dialect, []);
  }
  return {
    status: 0,
    local: { whole: true, entries: localEntries(staged, facts) },
    remote: { whole: true, entries: {} },
    readable: true,
  };
}

function localEntries(staged: ReadonlyMap<string, Staged>, facts: DownloadFacts): Record<string, Entry> {
  const entries: Record<string, Entry> = {};
  for (const { files } of staged.values()) {
    for (const [path, content] of files)
      entries[path] = content === undefined ? { is: "folder" } : contentEntry(content);
  }
  const values = Object.fromEntries([...staged].map(([name, { value }]) => [name, value]));
  entries["inputs.pb"] = literalsEntry(encodeMap(values, facts.locate));
  const plain: ReadonlyMap<string, Plain> = new Map([...staged].map(([name, of]) => [name, of.plain]));
  if (facts.format === "JSON") entries["inputs.json"] = contentEntry(jsonText(plain));
  if (facts.format === "YAML") entries["inputs.yaml"] = yamlValues(plain);
  return entries;
}

function yamlValues(plain: Plain): Entry {
  return { is: "yaml", value: canonical(digits(plainData(plain))) };
}

/** A download that fails and says so: no file that describes all inputs, and one document naming who failed. */
export function downloadFails(
  dialect: Dialect,
  names: readonly string[],
  more: Partial<Pick<ErrorExpectation, "says" | "silent" | "origin" | "mostBytes">> = {},
): Expected {
  return {
    status: 0,
    local: { whole: false, entries: {}, lacks: ["inputs.pb", "inputs.json", "inputs.yaml"] },
    remote: {
      whole: true,
      entries: documents(dialect, { code: "InputDownloadFailed", names: firstNames(dialect, names), ...more }),
    },
  };
}

/** The reference tells of one failed variable, whichever it is; a single one is sure. */
function firstNames(dialect: Dialect, names: readonly string[]): readonly string[] {
  return dialect === "ours" || names.length === 1 ? names : [];
}

/** The objects that report a failure: ours under two names, and with an origin. */
export function documents(
  dialect: Dialect,
  what: Pick<ErrorExpectation, "code"> & Partial<ErrorExpectation>,
): TreeExpectation["entries"] {
  const document: ErrorExpectation = {
    is: "error like",
    kind: "RECOVERABLE",
    ...what,
    origin: dialect === "reference" ? "UNKNOWN" : (what.origin ?? "any"),
  };
  return dialect === "reference"
    ? { "out/errors.pb": document }
    : { "out/errors.pb": document, "out/error.pb": document };
}

/** Seconds of the year 10000. */
const year10000 = 253_402_300_800n;

/** Whether the reference's JSON has a form for the values. */
function isListable(inputs: Readonly<Record<string, Value>>): boolean {
  const listable = (value: Value): boolean => {
    switch (value.is) {
      case "float":
        return Number.isFinite(value.value);
      case "datetime":
        return value.seconds < year10000;
      case "list":
        return value.items.every(listable);
      case "map":
        return value.entries.every(([, entry]) => listable(entry));
      case "union":
      case "offloaded":
        return listable(value.value);
      default:
        return true;
    }
  };
  return Object.values(inputs).every(listable);
}
