import { create, toBinary } from "@bufbuild/protobuf";
import { checkMessage, maxMessageDepth } from "@flyte-dataplane/core";
import { type Literal, LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { type LiteralType, SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { badOutput } from "./output-error.ts";

/**
 * Throws `invalid_argument` (origin user) for a value that nobody could read back: a list takes two levels of a message,
 * a map or a union three, and no runtime reads more than a hundred. Announced, it would be the success of a task whose
 * outputs are lost.
 */
export function checkDepth(type: LiteralType | undefined, literal: Literal, place: string): void {
  if (type === undefined || !mayNestDeep(type, 0)) return;
  try {
    checkMessage(LiteralMapSchema, toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals: { x: literal } })), {
      what: place,
    });
  } catch {
    throw badOutput("invalid_argument", place, `it is nested deeper than a message may be, ${maxMessageDepth} levels`);
  }
}

/** Levels of a type whose values stay far below the limit. Nearly all have fewer, and need no second look. */
const shallow = 20;

/** A struct on its own was measured as it was read; within something else it may take the rest of the levels. */
function mayNestDeep({ type }: LiteralType, level: number): boolean {
  if (level > shallow) return true;
  switch (type.case) {
    case "simple":
      return type.value === SimpleType.STRUCT && level > 0;
    case "collectionType":
    case "mapValueType":
      return mayNestDeep(type.value, level + 1);
    case "unionType":
      return type.value.variants.some((variant) => mayNestDeep(variant, level + 1));
    default:
      return false;
  }
}
