import { badFlag } from "./read-flags.ts";

/**
 * The pairs of `--storage.stow.config`. One token is usually one `key=value`. With a second `=` in it, the token is
 * read as a record of comma-separated fields instead, so `secret_key=ab==` is one pair and `a=b,c=d` two.
 */

/** The pairs of one token. Throws `invalid_argument` for a field without `=` and for broken quoting. */
export function parsePairs(token: string): [string, string][] {
  const equals = token.split("=").length - 1;
  if (equals === 0) throw badPairs("a pair is key=value");
  const fields = equals === 1 ? [token.replace(/^"+|"+$/g, "")] : readRecord(token);
  return fields.map((field) => {
    const at = field.indexOf("=");
    if (at < 0) throw badPairs("every comma-separated field is key=value");
    return [field.slice(0, at), field.slice(at + 1)];
  });
}

/**
 * The token that is read back as exactly this pair. Throws `invalid_argument` for the few that no token can carry: a
 * key with `=`, line breaks that reading would change, and a lone pair whose own quotes would be stripped.
 */
export function formatPair(key: string, value: string): string {
  const plain = `${key}=${value}`;
  for (const token of [plain, `"${plain.replaceAll('"', '""')}"`]) {
    if (readsBackAs(token, key, value)) return token;
  }
  throw badPairs(`the value of "${key}" cannot be carried by the flag; put it into a configuration file`);
}

function readsBackAs(token: string, key: string, value: string): boolean {
  try {
    const pairs = parsePairs(token);
    return pairs.length === 1 && pairs[0]?.[0] === key && pairs[0][1] === value;
  } catch {
    return false;
  }
}

/** The first record of comma-separated text: fields plain, or in quotes with quotes doubled inside. */
function readRecord(token: string): string[] {
  const fields: string[] = [];
  // Empty lines before a record do not count.
  let at = /^(\r?\n)*/.exec(token)?.[0].length ?? 0;
  for (;;) {
    const field = token[at] === '"' ? quotedField(token, at) : plainField(token, at);
    fields.push(field.value.replaceAll("\r\n", "\n"));
    if (token[field.end] !== ",") return fields;
    at = field.end + 1;
  }
}

function plainField(token: string, from: number): { value: string; end: number } {
  const length = token.slice(from).search(/,|\r?\n/);
  const end = length < 0 ? token.length : from + length;
  const value = token.slice(from, end);
  if (value.includes('"')) throw badPairs("a quote stands inside a field that does not begin with one");
  return { value, end };
}

function quotedField(token: string, from: number): { value: string; end: number } {
  let value = "";
  for (let at = from + 1; at < token.length; at += 1) {
    if (token[at] !== '"') {
      value += token.charAt(at);
    } else if (token[at + 1] === '"') {
      value += '"';
      at += 1;
    } else {
      if (!/^(,|\r?\n|$)/.test(token.slice(at + 1, at + 3))) throw badPairs("text follows a closing quote");
      return { value, end: at + 1 };
    }
  }
  throw badPairs("a quote is not closed");
}

function badPairs(what: string): Error {
  return badFlag(`--storage.stow.config: ${what}`);
}
