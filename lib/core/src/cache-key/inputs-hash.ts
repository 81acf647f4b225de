import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { type Inputs, InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { withoutIgnored } from "../input-hash.ts";
import { formatDateTime } from "../text/date-time.ts";
import type { SecondsAndNanos } from "../text/instant.ts";
import { canonicalMsgpack } from "../text/msgpack.ts";
import { compareUtf8, encodeDeterministic } from "../wire/encode-deterministic.ts";
import { sha256 } from "./digest.ts";

/**
 * How the inputs of an action turn into text before the cache key is made. Three programs do it in three ways that
 * never agree; which one applies depends on who started the action.
 */

/** Inputs that came inline with a new run. Context never counts; the order of literals does. */
export function inlineInputsHash(inputs: Inputs, ignoredNames: readonly string[] = []): string {
  return sha256(encodeDeterministic(InputsSchema, withoutIgnored(inputs, ignoredNames))).toString("base64");
}

/** Inputs of an action that a running parent started, as the SDK hashes them; empty text for no inputs. */
export function childInputsHash(inputs: Inputs, ignoredNames: readonly string[] = []): string {
  const { literals } = withoutIgnored(inputs, ignoredNames);
  if (literals.length === 0) return "";
  const parts = literals.flatMap(({ name, value }) => [
    Buffer.from(`${name}:`),
    ...(value === undefined ? [] : representation(value)),
    Buffer.from(";"),
  ]);
  return sha256(Buffer.concat(parts)).toString("base64");
}

/**
 * Folds a trigger's fire time into the hash of its offloaded inputs, so that each firing has its own key. Only for a
 * trigger that binds its time to an input which is not ignored.
 */
export function foldRunStartTime(inputsHash: string, runStartTime: SecondsAndNanos): string {
  return `${inputsHash}|runStartTime=${formatDateTime(runStartTime)}`;
}

/** A literal's own hash replaces its value; containers contribute their elements and nothing of their own. */
function representation(literal: Literal): Uint8Array[] {
  if (literal.hash !== "") return [Buffer.from(literal.hash)];
  if (literal.value.case === "collection") return literal.value.value.literals.flatMap(representation);
  if (literal.value.case === "map") {
    const entries = Object.entries(literal.value.value.literals).sort(([a], [b]) => compareUtf8(a, b));
    return entries.flatMap(([key, value]) => [Buffer.from(key), ...representation(value)]);
  }
  return [encodeDeterministic(LiteralSchema, withCanonicalMsgpack(literal), "by-number")];
}

function withCanonicalMsgpack(literal: Literal): Literal {
  if (literal.value.case !== "scalar" || literal.value.value.value.case !== "binary") return literal;
  const scalar = literal.value.value;
  const binary = literal.value.value.value.value;
  if (binary.tag !== "msgpack") return literal;
  const value = canonicalMsgpack(binary.value) ?? binary.value;
  return {
    ...literal,
    value: { case: "scalar", value: { ...scalar, value: { case: "binary", value: { ...binary, value } } } },
  };
}
