import { create } from "@bufbuild/protobuf";
import { type TypedInterface, TypedInterfaceSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { type Inputs, InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { fromPlain } from "../src/literals/from-plain.ts";
import type { PlainLiteral } from "../src/literals/plain-literal.ts";

export const int = (value: number): PlainLiteral => ({ kind: "integer", value: BigInt(value) });
export const str = (value: string): PlainLiteral => ({ kind: "string", value });

export function inputsOf(
  values: Readonly<Record<string, PlainLiteral | Literal>>,
  context: Readonly<Record<string, string>> = {},
): Inputs {
  return create(InputsSchema, {
    literals: Object.entries(values).map(([name, value]) => ({ name, value: asLiteral(value) })),
    context: Object.entries(context).map(([key, value]) => ({ key, value })),
  });
}

export function literalsOf(values: Readonly<Record<string, PlainLiteral | Literal>>): Record<string, Literal> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asLiteral(value)]));
}

function asLiteral(value: PlainLiteral | Literal): Literal {
  return "kind" in value ? fromPlain(value) : value;
}

export const hashed = (hash: string): Literal => create(LiteralSchema, { hash });

export type Variables = readonly (readonly [string, SimpleType])[];

export function interfaceOf(inputs: Variables | undefined, outputs: Variables | undefined): TypedInterface {
  const variables = (list: Variables): object => ({
    variables: list.map(([key, simple]) => ({ key, value: { type: { type: { case: "simple", value: simple } } } })),
  });
  return create(TypedInterfaceSchema, {
    ...(inputs && { inputs: variables(inputs) }),
    ...(outputs && { outputs: variables(outputs) }),
  });
}
