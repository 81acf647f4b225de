import { checkMessage } from "@flyte-dataplane/core";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { PackedMembers } from "./packed-items.ts";

/**
 * The inputs message, whose literals stay as they are serialized: as objects a hundred thousand of them take a hundred
 * times the memory of their bytes.
 */
export class InputsMessage {
  readonly #literals: PackedMembers;
  /** Literals that stand in place of what the message has. */
  readonly #others = new Map<string, Uint8Array>();

  /** Throws `invalid_argument`, naming `ref`, for bytes that are no map of literals. Of a repeated name the last counts. */
  constructor(bytes: Uint8Array, ref: string) {
    checkMessage(LiteralMapSchema, bytes, { what: ref, ref });
    this.#literals = new PackedMembers(bytes);
  }

  get names(): Iterable<string> {
    return this.#literals.keys;
  }

  literal(name: string): Uint8Array {
    return this.#others.get(name) ?? this.#literals.member(name);
  }

  replace(name: string, literal: Uint8Array): void {
    this.#others.set(name, literal);
  }
}
