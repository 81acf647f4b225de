/** The kinds of values a configuration holds: how each is read from text or YAML, and how it is described. */
import { formatBytes, parseBytes } from "./bytes.ts";
import { formatDuration, parseDuration } from "./duration.ts";

export interface Field<T> {
  readonly kind: "field";
  /** One line for people: what it decides. */
  readonly doc: string;
  /** What a value looks like: `duration`, `bytes`, `text`, … */
  readonly type: string;
  readonly default: T;
  /** A value as a person would write it; `none` for an empty one. */
  readonly show: (value: T) => string;
  /** Its value is never printed. */
  readonly secret: boolean;
  /** Takes text (environment, flags) or a YAML value; throws an Error that says what is expected. */
  parse(raw: unknown): T;
}

export interface FieldOptions<T> {
  readonly doc: string;
  readonly default: T;
  readonly secret?: boolean;
  /** Further rule: returns what is wrong with `value`, or undefined. */
  readonly check?: (value: T) => string | undefined;
}

export function text(options: FieldOptions<string>): Field<string> {
  return field(
    "text",
    options,
    (value) => value,
    (raw) => {
      if (typeof raw === "string") return raw;
      throw expected("text", raw);
    },
  );
}

export function integer(
  options: FieldOptions<number> & { readonly min?: number; readonly max?: number },
): Field<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options;
  return field("integer", options, String, (raw) => {
    const value = typeof raw === "string" && /^[+-]?\d{1,16}$/.test(raw.trim()) ? Number(raw) : raw;
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw expected("a whole number", raw);
    if (value < min || value > max) throw new RangeError(`is ${value}; expected ${min} to ${max}`);
    return value;
  });
}

export function decimal(
  options: FieldOptions<number> & { readonly min?: number; readonly max?: number },
): Field<number> {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = options;
  return field("number", options, String, (raw) => {
    const value = typeof raw === "string" && raw.trim() !== "" ? Number(raw) : raw;
    if (typeof value !== "number" || !Number.isFinite(value)) throw expected("a number", raw);
    if (value < min || value > max) throw new RangeError(`is ${value}; expected ${min} to ${max}`);
    return value;
  });
}

export function flag(options: FieldOptions<boolean>): Field<boolean> {
  return field("true or false", options, String, (raw) => {
    if (typeof raw === "boolean") return raw;
    if (raw === "true" || raw === "1") return true;
    if (raw === "false" || raw === "0") return false;
    throw expected("true or false", raw);
  });
}

/** Milliseconds, written like `90s`, `1h30m`, `250ms`; the default is given in milliseconds. */
export function duration(options: FieldOptions<number>): Field<number> {
  return field("duration", options, formatDuration, (raw) => {
    if (raw === 0) return 0;
    if (typeof raw !== "string") throw expected('a duration such as "90s" or "1h30m"', raw);
    return parseDuration(raw);
  });
}

/** A number of bytes, written like `64Mi`, `10MB` or a plain number. */
export function bytes(options: FieldOptions<number>): Field<number> {
  return field("bytes", options, formatBytes, (raw) => {
    if (typeof raw !== "string" && typeof raw !== "number") throw expected('a size such as "64Mi"', raw);
    return parseBytes(String(raw));
  });
}

export function choice<T extends string>(values: readonly T[], options: FieldOptions<T>): Field<T> {
  const names = values.map((value) => (value === "" ? "empty" : value));
  return field<T>(
    names.join(" | "),
    options,
    (value) => value,
    (raw) => {
      const value = values.find((candidate) => candidate === raw);
      if (value === undefined) throw expected(`one of ${names.join(", ")}`, raw);
      return value;
    },
  );
}

/** A YAML list of texts; in environment and flags separated by commas. */
export function texts(options: FieldOptions<readonly string[]>): Field<readonly string[]> {
  return field<readonly string[]>(
    "list of texts",
    options,
    (value) => value.join(","),
    (raw) => {
      if (typeof raw === "string") return Object.freeze(raw === "" ? [] : raw.split(",").map((item) => item.trim()));
      if (Array.isArray(raw) && raw.every((item) => typeof item === "string")) return Object.freeze([...raw]);
      throw expected("a list of texts", raw);
    },
  );
}

/** A YAML map of texts; in environment and flags written `a=1,b=2`. */
export function textMap(
  options: FieldOptions<Readonly<Record<string, string>>>,
): Field<Readonly<Record<string, string>>> {
  const show = (map: Readonly<Record<string, string>>): string =>
    Object.entries(map)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
  return field("map of texts", options, show, (raw) => {
    if (typeof raw === "string") return Object.freeze(Object.fromEntries(raw === "" ? [] : raw.split(",").map(pair)));
    if (typeof raw === "object" && raw !== null && !Array.isArray(raw)) {
      const entries = Object.entries(raw);
      if (entries.every((entry): entry is [string, string] => typeof entry[1] === "string"))
        return Object.freeze(Object.fromEntries(entries));
    }
    throw expected("a map of texts", raw);
  });
}

function pair(item: string): [string, string] {
  const at = item.indexOf("=");
  if (at < 1) throw new TypeError(`holds "${item}"; expected key=value`);
  return [item.slice(0, at).trim(), item.slice(at + 1).trim()];
}

function field<T>(
  type: string,
  options: FieldOptions<T>,
  show: (value: T) => string,
  read: (raw: unknown) => T,
): Field<T> {
  return {
    kind: "field",
    doc: options.doc,
    type,
    default: options.default,
    show: (value) => show(value) || "none",
    secret: options.secret ?? false,
    parse: (raw) => {
      const value = read(raw);
      const wrong = options.check?.(value);
      if (wrong !== undefined) throw new RangeError(wrong);
      return value;
    },
  };
}

function expected(what: string, raw: unknown): TypeError {
  return new TypeError(`is ${JSON.stringify(raw) ?? String(raw)}; expected ${what}`);
}
