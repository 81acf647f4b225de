import path from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { inputsFile, inputsJsonFile, inputsYamlFile } from "@flyte-dataplane/core";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { placeBytes } from "../local/place-file.ts";
import { joinJson, joinYaml, type MetadataValue, memberJson, memberYaml } from "./metadata-value.ts";

/** Which file lists all inputs beside `inputs.pb`, which is always there. */
export type MetadataFormat = "JSON" | "YAML" | "PROTO";

/** Gathers the files that describe all inputs, one input after the other, as the text and bytes that they become. */
export class Description {
  readonly #format: MetadataFormat;
  readonly #message = new GrowingBytes();
  readonly #members: (readonly [name: string, text: string])[] = [];

  constructor(format: MetadataFormat) {
    this.#format = format;
  }

  add(name: string, literal: Literal, value: MetadataValue): void {
    // As an entry of a map of literals.
    const entry = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string(name)
      .tag(2, WireType.LengthDelimited)
      .bytes(toBinary(LiteralSchema, literal));
    this.#message.add(new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(entry.finish()).finish());
    if (this.#format === "JSON") this.#members.push([name, memberJson(name, value)]);
    else if (this.#format === "YAML") this.#members.push([name, memberYaml(name, value)]);
  }

  /** `inputs.pb` comes last: where it is, everything is. */
  async write(folder: string): Promise<void> {
    if (this.#format !== "PROTO") {
      const isJson = this.#format === "JSON";
      const text = isJson ? joinJson(this.#members) : joinYaml(this.#members);
      await placeBytes(path.join(folder, isJson ? inputsJsonFile : inputsYamlFile), new TextEncoder().encode(text));
    }
    await placeBytes(path.join(folder, inputsFile), this.#message.all);
  }
}

/** One piece of memory: thousands of small ones take many times theirs. */
class GrowingBytes {
  #bytes = new Uint8Array(1024);
  #length = 0;

  add(more: Uint8Array): void {
    const length = this.#length + more.byteLength;
    if (length > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.byteLength));
      grown.set(this.all);
      this.#bytes = grown;
    }
    this.#bytes.set(more, this.#length);
    this.#length = length;
  }

  get all(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
