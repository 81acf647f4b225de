import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Literal, LiteralSchema, type ScalarSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { LiteralType } from "@flyte-dataplane/proto/flyteidl2/core/types";

type ScalarValue = NonNullable<MessageInitShape<typeof ScalarSchema>["value"]>;

export function scalarLiteral(value: ScalarValue): Literal {
  return create(LiteralSchema, { value: { case: "scalar", value: { value } } });
}

/** Whoever reads a union learns from `type` which of its variants the value is. */
export function unionLiteral(value: Literal, type: LiteralType): Literal {
  return scalarLiteral({ case: "union", value: { value, type } });
}
