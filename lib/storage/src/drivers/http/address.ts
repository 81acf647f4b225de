import { DataPlaneError } from "@flyte-dataplane/core";

/** A web address, taken apart for the driver. */
export interface WebAddress {
  /** `https://host:port`. */
  readonly origin: string;
  /** Path and query without the leading slash, as they are to be sent: the driver's key. */
  readonly key: string;
  /** What may stand in messages and logs: without query and fragment, which may be a signature. */
  readonly ref: string;
}

/**
 * Takes an address apart and leaves path and query as they were written, since a signature may cover each byte: dots are
 * not resolved and no escape is respelt. Only what HTTP cannot carry (blanks, letters beyond ASCII) is escaped.
 * Throws `invalid_argument` for what is no http(s) address, and for one that holds a user's name: it would be a secret.
 */
export function parseWebAddress(address: string): WebAddress {
  const match = /^(https?:\/\/)([^/?#]*)([^?#]*)(\?[^#]*)?/i.exec(address);
  const [, scheme = "", authority = "", path = "", query = ""] = match ?? [];
  const ref = printable(`${scheme.toLowerCase()}${authority.replace(/^.*@/s, "")}${path}`);
  const base = `${scheme}${authority}`;
  if (match === null || authority === "" || /[\\@\s]/.test(authority) || !URL.canParse(base)) {
    const shown = match === null ? "the address" : ref;
    throw new DataPlaneError("invalid_argument", `get ${shown}: the address is malformed, or holds a user's name`, {
      ref: shown,
    });
  }
  return { origin: new URL(base).origin, key: escaped(`${path.replace(/^\//, "")}${query}`), ref };
}

function escaped(text: string): string {
  // A lone surrogate has no UTF-8 form and becomes what browsers make of it.
  return text.replace(/[^\x21-\x7e]+/g, (run) => encodeURIComponent(run.replace(/\p{Surrogate}/gu, "\uFFFD")));
}

function printable(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]+/g, (run) => encodeURIComponent(run.replace(/\p{Surrogate}/gu, "\uFFFD")));
  return clean.length > 300 ? `${clean.slice(0, 300)}…` : clean;
}
