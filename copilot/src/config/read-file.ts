import { readFile } from "node:fs/promises";
import { isCopilotFlag } from "@flyte-dataplane/core";
import { type Document, isAlias, isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import { type Key, keys, sections } from "./keys.ts";
import { normalized } from "./normalized.ts";
import type { ConfigValues } from "./values.ts";

// The YAML reader is loaded with this file, which is loaded when there is a file to read.

/** Bytes; whatever is larger is no configuration. */
const maxFileBytes = 1024 * 1024;

/** What reading finds wrong. Messages name file and key, never a value: values may be credentials. */
export interface ConfigFaults {
  /** Values that cannot be read, and files that cannot. */
  readonly faults: string[];
  /** Keys that do not exist. */
  readonly unknown: string[];
}

/** Adds what a file sets to `values`, over what is there. Keys match whatever their case. */
export async function readConfigFile(file: string, values: ConfigValues, found: ConfigFaults): Promise<void> {
  const { parseDocument } = await import("yaml");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    found.faults.push(`${file} cannot be read (${systemCode(error)})`);
    return;
  }
  if (text.length > maxFileBytes) {
    found.faults.push(`${file} has more than ${maxFileBytes} characters`);
    return;
  }
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split("\n").length;
    found.faults.push(`${file} is no YAML: ${error.code} at line ${line}`);
    return;
  }
  new FileReader(file, document, values, found).read();
}

class FileReader {
  readonly #file: string;
  readonly #document: Document.Parsed;
  readonly #values: ConfigValues;
  readonly #found: ConfigFaults;

  constructor(file: string, document: Document.Parsed, values: ConfigValues, found: ConfigFaults) {
    this.#file = file;
    this.#document = document;
    this.#values = values;
    this.#found = found;
  }

  read(): void {
    const { contents } = this.#document;
    if (isEmpty(contents)) return;
    if (isMap(contents)) this.#map(contents, []);
    else this.#found.faults.push(`${this.#file} holds no sections`);
  }

  #map(map: YAMLMap, path: readonly string[]): void {
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? textOf(key.value, key.source).toLowerCase() : "";
      this.#entry([...path, name], this.#resolved(value));
    }
  }

  #entry(path: readonly string[], value: unknown): void {
    const shown = path.join(".");
    const [section = ""] = path;
    if (path.length === 1 && !sections.includes(section)) {
      // Flags of every command may stand in a file, where they say nothing.
      if (!isCopilotFlag(section)) this.#found.unknown.push(`${this.#file}: "${printable(shown)}" is no section`);
      return;
    }
    const key = keys.find((candidate) => matches(candidate, path, path.length));
    if (key === undefined && !keys.some((candidate) => matches(candidate, path))) {
      this.#found.unknown.push(`${this.#file}: the key "${printable(shown)}" does not exist`);
      return;
    }
    // A key without a value, as in `config:`, sets nothing.
    if (isEmpty(value)) return;
    if (key !== undefined) this.#leaf(key, path, value);
    else if (isMap(value)) this.#map(value, path);
    else this.#found.faults.push(`${this.#file}: ${shown} has keys of its own, not a value`);
  }

  #leaf(key: Key, path: readonly string[], value: unknown): void {
    const items = key.kind === "texts" && isSeq(value) ? value.items.map((item) => this.#resolved(item)) : [value];
    const texts = items.map((item) => (isScalar(item) ? textOf(item.value, item.source) : undefined));
    try {
      const given = texts.map((text) => normalized(key.kind, text));
      this.#values.set(path, given.join(", "), this.#file);
    } catch {
      this.#found.faults.push(`${this.#file}: ${printable(path.join("."))} is no ${key.kind}`);
    }
  }

  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }
}

/** Whether `path`, or with a depth all of it, leads to the key. */
function matches({ name }: Key, path: readonly string[], depth?: number): boolean {
  const parts = name.toLowerCase().split(".");
  if (depth === undefined ? parts.length <= path.length : parts.length !== depth) return false;
  return path.every((part, index) => parts[index] === "*" || parts[index] === part);
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** As it was written, so that no digit of a key made of digits is lost; true and false in one spelling. */
function textOf(value: unknown, source: string | undefined): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return source ?? String(value);
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?").slice(0, 100);
}

function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
