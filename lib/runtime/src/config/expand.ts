/** What a value may refer to in place of saying it: variables, and files that hold a secret. */
import type { Env } from "@flyte-dataplane/core";

export interface References {
  readonly env: Env;
  /** Text of a file; throws an Error whose message says why it cannot be read. */
  readonly readText: (path: string) => string;
}

/**
 * `raw` with `${NAME}`, `${NAME:-otherwise}` and `${file:/path}` in its texts replaced, in lists and maps too; `$${` stands
 * for `${`. A file's last line break is no part of it. What is put in is not looked at again. Throws an Error that names what
 * is missing.
 */
export function expand(raw: unknown, references: References): unknown {
  if (typeof raw === "string")
    return raw.replace(pattern, (whole: string, inner: string | undefined) => replacement(whole, inner, references));
  if (Array.isArray(raw)) return raw.map((item) => expand(item, references));
  if (typeof raw === "object" && raw !== null)
    return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, expand(value, references)]));
  return raw;
}

/** The text of a file that holds one value. */
export function readValue(path: string, { readText }: References): string {
  return readText(path).replace(/\r?\n$/, "");
}

const pattern = /\$\$\{|\$\{([^{}]*)\}/g;

function replacement(whole: string, inner: string | undefined, references: References): string {
  if (inner === undefined) return "${";
  if (inner.startsWith("file:")) return readValue(inner.slice("file:".length), references);
  const [, name, , otherwise] = /^([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?$/s.exec(inner) ?? [];
  // What stands in the braces may be part of a secret.
  if (name === undefined)
    throw new Error(
      "holds ${ before what is no reference; write ${NAME}, ${NAME:-otherwise} or ${file:/path}, and $${ for ${",
    );
  const value = references.env[name];
  if (value !== undefined && (value !== "" || otherwise === undefined)) return value;
  if (otherwise === undefined) throw new Error(`refers to ${whole}, which is not set; set it, or write \${${name}:-}`);
  return otherwise;
}
