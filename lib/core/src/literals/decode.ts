import {
  type Literal,
  type LiteralMap,
  LiteralMapSchema,
  LiteralSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { type Inputs, InputsSchema, type Outputs, OutputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { decodeMessage } from "../wire/decode-message.ts";

/**
 * Documents of literals as they lie in a store. A list of named literals and a map have one wire form, so each
 * function reads what the other kind of writer wrote. All throw `invalid_argument`, naming location and field, for
 * bytes that are not such a document.
 */

/** Literals by name; of a repeated name the last counts. */
export function decodeLiteralMap(bytes: Uint8Array, ref: string): LiteralMap {
  return decodeMessage(LiteralMapSchema, bytes, { what: ref, ref });
}

/** Literals in their order, with the context that inputs may carry. */
export function decodeInputs(bytes: Uint8Array, ref: string): Inputs {
  return decodeMessage(InputsSchema, bytes, { what: ref, ref });
}

export function decodeOutputs(bytes: Uint8Array, ref: string): Outputs {
  return decodeMessage(OutputsSchema, bytes, { what: ref, ref });
}

/** One literal, as offloaded values are stored. */
export function decodeLiteral(bytes: Uint8Array, ref: string): Literal {
  return decodeMessage(LiteralSchema, bytes, { what: ref, ref });
}
