import { Buffer } from "node:buffer";
import path from "node:path";
import { compareUtf8, inputsFile, inputsJsonFile, inputsYamlFile } from "@flyte-dataplane/core";
import { GrowingBytes } from "../growing-bytes.ts";
import { literalEntryHead } from "../literal-entry.ts";
import { placeBytesNow, placePiecesNow } from "../local/place-file.ts";
import { type MetadataValue, memberJson, memberYaml } from "./metadata-value.ts";

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
    this.#message.add(literalEntryHead(name, literal.byteLength));
    this.#message.add(literal);
    if (this.#format === "JSON") this.#members.add(name, memberJson(name, value));
    else if (this.#format === "YAML") this.#members.add(name, memberYaml(name, value));
  }

  /** `inputs.pb` comes last: where it is, everything is. */
  write(folder: string): void {
    if (this.#format === "JSON") placePiecesNow(path.join(folder, inputsJsonFile), inBlocks(jsonObject(this.#members)));
    if (this.#format === "YAML")
      placePiecesNow(path.join(folder, inputsYamlFile), inBlocks(yamlMapping(this.#members)));
    placeBytesNow(path.join(folder, inputsFile), this.#message.all);
  }
}

function* jsonObject(members: TextsByName): Generator<Uint8Array, void, undefined> {
  yield Buffer.from("{");
  const comma = Buffer.from(",");
  let isFirst = true;
  for (const name of members.names) {
    if (!isFirst) yield comma;
    isFirst = false;
    yield members.bytes(name);
  }
  yield Buffer.from("}");
}

/** A newline at the end. */
function* yamlMapping(members: TextsByName): Generator<Uint8Array, void, undefined> {
  const newline = Buffer.from("\n");
  for (const name of members.names) {
    yield members.bytes(name);
    yield newline;
  }
  if (members.names.length === 0) yield Buffer.from("{}\n");
}

const blockBytes = 64 * 1024;

/** Small pieces together, of which there may be a hundred thousand; large ones as they are. */
function* inBlocks(pieces: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  const block = Buffer.allocUnsafe(blockBytes);
  let filled = 0;
  for (const piece of pieces) {
    if (filled + piece.byteLength > blockBytes) {
      yield block.subarray(0, filled);
      filled = 0;
    }
    if (piece.byteLength > blockBytes) yield piece;
    else {
      block.set(piece, filled);
      filled += piece.byteLength;
    }
  }
  yield block.subarray(0, filled);
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

  /** Sorted by their bytes in UTF-8. */
  get names(): readonly string[] {
    return [...this.#starts.keys()].sort(compareUtf8);
  }

  bytes(name: string): Uint8Array {
    const start = this.#starts.get(name) ?? 0;
    const { buffer, byteOffset, byteLength } = this.#bytes.all;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    return bytes.subarray(start, start + bytes.readUInt32LE(start - 4));
  }
}
