import { Buffer } from "node:buffer";
import type { Dialect, ErrorExpectation, Expected, FileSpec } from "../case.ts";
import { contentEntry, literalsEntry } from "../entry.ts";
import type { Entry } from "../observation.ts";
import type { OutputType } from "../output-type.ts";
import { encodeMap, type Locate } from "../to-literal.ts";
import type { Value } from "../value.ts";
import { collect, Uncollectable } from "./collect.ts";
import { documents } from "./predict-download.ts";

export interface UploadFacts {
  readonly dialect: Dialect;
  readonly types: Readonly<Record<string, OutputType>>;
  /** What the task left, by path in its folder. */
  readonly files: Readonly<Record<string, FileSpec>>;
  /** Name of the outputs message. */
  readonly metaName?: string;
  /** Most bytes of a simple value on disk; 1024 by default. */
  readonly mostSimpleBytes?: number;
  readonly locate: Locate;
}

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
      const collected = collect(name, type, { dialect, files, mostSimpleBytes: facts.mostSimpleBytes ?? 1024 });
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
