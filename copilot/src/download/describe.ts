import path from "node:path";
import { inputsFile, inputsJsonFile, inputsYamlFile } from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { GrowingBytes } from "../growing-bytes.ts";
import { literalEntry } from "../literal-entry.ts";
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
    this.#message.add(literalEntry(name, literal));
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
