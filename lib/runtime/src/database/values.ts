/** How values travel: SqlValue to what `pg` sends, and columns to what rows hold. */
import { type CustomTypesConfig, types } from "pg";
import type { SqlValue } from "./database.ts";

const int8 = 20;
const int8Array: number = 1016;

/** `pg`'s own parsers but for bigint, which would come as text. */
export const columnTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format !== "binary" && oid === int8) return (text: string) => BigInt(text);
    if (format !== "binary" && oid === int8Array) {
      const parse = types.getTypeParser(int8Array, "text") as (text: string) => readonly (string | null)[];
      return (text: string) => parse(text).map((item) => (item === null ? null : BigInt(item)));
    }
    return types.getTypeParser(oid, format ?? "text") as (value: string) => unknown;
  }) as CustomTypesConfig["getTypeParser"],
};

/** `pg` knows the rest: Date, Buffer, arrays, and objects as JSON. */
export function toParameters(values: readonly SqlValue[]): unknown[] {
  return values.map(toParameter);
}

function toParameter(value: SqlValue): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Array.isArray(value) ? value.map(toParameter) : value;
}
