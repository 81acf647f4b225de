/** A part of the configuration with one owner: its fields, and how to walk through them. */
import type { Field } from "./field.ts";

/** The fields of a value of type `T`: a field per scalar, list or map, and fields again for a nested group. */
export type Fields<T> = { readonly [K in keyof T]: Field<T[K]> | (T[K] extends object ? Fields<T[K]> : never) };

/** A section whose loaded value has type `T`. */
export interface Section<T> {
  /** The top-level key in the file. */
  readonly name: string;
  readonly doc: string;
  readonly fields: Fields<T>;
}

/**
 * Declares a section: `export const cacheSection: Section<CacheConfig> = defineSection("cache", "…", { … })`.
 * `T` must be plain data with exactly the fields' keys; the keys are those of the file.
 */
export function defineSection<T>(name: string, doc: string, fields: Fields<T>): Section<T> {
  return { name, doc, fields };
}

/** One field and where it stands. */
export interface Entry {
  /** Keys from the section's name down. */
  readonly path: readonly string[];
  readonly field: Field<unknown>;
}

/** Every field of `section`, in the order of declaration. */
export function entries(section: Section<unknown>): readonly Entry[] {
  return walk([section.name], section.fields);
}

interface Nested {
  readonly [key: string]: Field<unknown> | Nested;
}

function walk(path: readonly string[], fields: Nested): readonly Entry[] {
  return Object.entries(fields).flatMap(([key, value]) =>
    isField(value) ? [{ path: [...path, key], field: value }] : walk([...path, key], value),
  );
}

function isField(value: Field<unknown> | Nested): value is Field<unknown> {
  return value["kind"] === "field";
}

/** `a.b.c`: the name of a flag and of a value in messages. */
export function dotted(path: readonly string[]): string {
  return path.join(".");
}

export const environmentPrefix = "FLYTE_DATAPLANE_";

/** `FLYTE_DATAPLANE_A_B_MAX_SIZE` for `a.b.maxSize`. */
export function environmentName(path: readonly string[]): string {
  const words = path.map((key) => key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[^A-Za-z0-9]+/g, "_"));
  return environmentPrefix + words.join("_").toUpperCase();
}
