import { decodeMessage } from "@flyte-dataplane/core";
import {
  type TypedInterface,
  TypedInterfaceSchema,
  type Variable,
} from "@flyte-dataplane/proto/flyteidl2/core/interface";

/** The output variables of a serialized TypedInterface, of a repeated name the last; none for an absent interface. */
export function declaredOutputs(bytes: Uint8Array | undefined): ReadonlyMap<string, Variable> {
  const outputs = interfaceOf(bytes)?.outputs?.variables ?? [];
  return new Map(outputs.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value] as const])));
}

/** Whether the task of a serialized TypedInterface has inputs, which then were staged in the same pod. */
export function declaresInputs(bytes: Uint8Array | undefined): boolean {
  return (interfaceOf(bytes)?.inputs?.variables ?? []).length > 0;
}

function interfaceOf(bytes: Uint8Array | undefined): TypedInterface | undefined {
  return bytes === undefined ? undefined : decodeMessage(TypedInterfaceSchema, bytes, { what: "--interface" });
}
