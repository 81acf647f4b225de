import { fromPlain } from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { type LiteralType, SimpleType, type UnionType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { unionLiteral } from "./literal-of.ts";
import { badOutput, isMismatch } from "./output-error.ts";

/** The none of a union that has one; undefined for others, whose value has to be there. */
export function noneOf({ variants }: UnionType): Literal | undefined {
  const none = variants.find(isNone);
  return none === undefined ? undefined : unionLiteral(fromPlain({ kind: "none" }), none);
}

/**
 * The first variant, none aside, that `read` can make a value of. Rejects (origin user) with what each says against it if
 * there is none, and with any error that speaks of something else than the type.
 */
export async function chooseVariant<Value extends { readonly literal: Literal }>(
  { variants }: UnionType,
  place: string,
  read: (variant: LiteralType) => Promise<Value> | Value,
): Promise<Value> {
  const faults: string[] = [];
  for (const variant of variants.filter((type) => !isNone(type))) {
    try {
      const value = await read(variant);
      return { ...value, literal: unionLiteral(value.literal, variant) };
    } catch (error) {
      if (!isMismatch(error)) throw error;
      faults.push(error.message);
    }
  }
  throw badOutput(
    "invalid_argument",
    place,
    `it is of no variant of its union: ${faults.join("; ") || "there is none"}`,
  );
}

function isNone({ type }: LiteralType): boolean {
  return type.case === "simple" && type.value === SimpleType.NONE;
}
