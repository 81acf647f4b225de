/** Literals as cases write them: where data lie is said by key, and becomes a location once a run has its place. */

import type { OutputType } from "./output-type.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type Value = (
  | { readonly is: "integer"; readonly value: bigint }
  | { readonly is: "float"; readonly value: number }
  | { readonly is: "string"; readonly value: string }
  | { readonly is: "boolean"; readonly value: boolean }
  | { readonly is: "datetime"; readonly seconds: bigint; readonly nanos: number }
  | { readonly is: "duration"; readonly seconds: bigint; readonly nanos: number }
  /** A primitive that holds none of its kinds. */
  | { readonly is: "blank" }
  | { readonly is: "none" }
  | { readonly is: "binary"; readonly bytes: Uint8Array; readonly tag: string }
  | { readonly is: "error"; readonly message: string; readonly node?: string }
  | { readonly is: "struct"; readonly value: { readonly [key: string]: Json } }
  | { readonly is: "file"; readonly at: Place; readonly format: string }
  | { readonly is: "folder"; readonly at: Place; readonly format: string }
  | { readonly is: "schema"; readonly at: Place }
  | { readonly is: "dataset"; readonly at: Place; readonly format: string }
  /** `type` is the variant's; a string's of its own name by default. */
  | { readonly is: "union"; readonly value: Value; readonly type?: OutputType }
  | { readonly is: "list"; readonly items: readonly Value[] }
  | { readonly is: "map"; readonly entries: readonly (readonly [string, Value])[] }
  /** The value lies in an object of its own. */
  | { readonly is: "offloaded"; readonly key: string; readonly value: Value }
  /** An offloaded literal of which only the reference exists. */
  | { readonly is: "reference"; readonly at: Place }
  /** A literal without value. */
  | { readonly is: "hollow" }
) &
  Notes;

/** What stands beside a literal's value. */
export interface Notes {
  readonly hash?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Name of an artifact version. */
  readonly artifact?: string;
}

/** Where data lie. */
export type Place =
  /** Object of the case, by its key below the case's folder. */
  | { readonly key: string }
  /** Path on the case's web server, with its query. */
  | { readonly web: string }
  /** Object of another bucket of the same server. */
  | { readonly other: string }
  /** The location itself; `{base}` in it stands for the case's folder. */
  | { readonly uri: string };

export type Content = string | Uint8Array;

export const integer = (value: bigint | number): Value => ({ is: "integer", value: BigInt(value) });
export const float = (value: number): Value => ({ is: "float", value });
export const text = (value: string): Value => ({ is: "string", value });
export const boolean = (value: boolean): Value => ({ is: "boolean", value });
export const datetime = (seconds: bigint, nanos = 0): Value => ({ is: "datetime", seconds, nanos });
export const duration = (seconds: bigint, nanos = 0): Value => ({ is: "duration", seconds, nanos });
export const none: Value = { is: "none" };
export const binary = (bytes: Uint8Array, tag = "msgpack"): Value => ({ is: "binary", bytes, tag });
export const struct = (value: { readonly [key: string]: Json }): Value => ({ is: "struct", value });
export const file = (key: string, format = "csv"): Value => ({ is: "file", at: { key }, format });
export const folder = (key: string, format = ""): Value => ({ is: "folder", at: { key }, format });
export const union = (value: Value): Value => ({ is: "union", value });
export const list = (...items: readonly Value[]): Value => ({ is: "list", items });
export const map = (entries: Readonly<Record<string, Value>>): Value => ({
  is: "map",
  entries: Object.entries(entries),
});
export const offloaded = (key: string, value: Value): Value => ({ is: "offloaded", key, value });
