import { Buffer } from "node:buffer";
import path from "node:path";
import { inputsFile, inputsJsonFile, inputsYamlFile } from "@flyte-dataplane/core";
import { GrowingBytes } from "../growing-bytes.ts";
import { literalEntry } from "../literal-entry.ts";
import { placeBytesNow } from "../local/place-file.ts";
import { joinJson, joinYaml, type MetadataValue, memberJson, memberYaml } from "./metadata-value.ts";

/** Which file lists all inputs beside `inputs.pb`, which is always there. */
export type MetadataFormat = "JSON" | "YAML" | "PROTO";

/** Gathers the files that describe all inputs, one input after the other, as the text and bytes that they become. */
export class Description {
  readonly #format: MetadataFormat;
  readonly #message = new GrowingBytes();
  readonly #members = new TextsByName();

  constructor(format: MetadataFormat) {
    this.#format = format;
  }

  /** `literal` is serialized. */
  add(name: string, literal: Uint8Array, value: MetadataValue): void {
    this.#message.add(literalEntry(name, literal));
    if (this.#format === "JSON") this.#members.add(name, memberJson(name, value));
    else if (this.#format === "YAML") this.#members.add(name, memberYaml(name, value));
  }

  /** `inputs.pb` comes last: where it is, everything is. */
  write(folder: string): void {
    if (this.#format !== "PROTO") {
      const isJson = this.#format === "JSON";
      const join = isJson ? joinJson : joinYaml;
      const text = join(this.#members.names, (name) => this.#members.text(name));
      placeBytesNow(path.join(folder, isJson ? inputsJsonFile : inputsYamlFile), new TextEncoder().encode(text));
    }
    placeBytesNow(path.join(folder, inputsFile), this.#message.all);
  }
}

/** As bytes, of which there is one piece: texts put together from others take many times their length. */
class TextsByName {
  readonly #bytes = new GrowingBytes();
  /** Where each begins, after its length. */
  readonly #starts = new Map<string, number>();

  add(name: string, text: string): void {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.byteLength);
    this.#bytes.add(length);
    this.#starts.set(name, this.#bytes.all.byteLength);
    this.#bytes.add(bytes);
  }

  get names(): readonly string[] {
    return [...this.#starts.keys()];
  }

  text(name: string): string {
    const start = this.#starts.get(name) ?? 0;
    const { buffer, byteOffset, byteLength } = this.#bytes.all;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    return bytes.toString("utf8", start, start + bytes.readUInt32LE(start - 4));
  }
}
