/**
 * HTML as values: a template whose every substitution is escaped unless it is HTML already. Nothing else in this folder
 * makes HTML, so what a task, a user or a program of theirs wrote can be text and nothing but text.
 */

/** Markup that this folder wrote itself; `text` goes to the browser as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Shown = Html | string | number | bigint | undefined | readonly Shown[];

/** Substitutions stand in text or in an attribute with double quotes; `undefined` leaves nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Shown[]): Html {
  let text = parts[0] ?? "";
  for (const [index, value] of values.entries()) text += shown(value) + (parts[index + 1] ?? "");
  return new Html(text);
}

export const nothing: Html = new Html("");

function shown(value: Shown): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "string") return escape(value);
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return value === undefined ? "" : value.map(shown).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(special, (character) => entities[character] ?? visible(character));
}

/**
 * Besides markup: control characters, which HTML forbids, and those that reorder text, with which a line can claim to
 * say something else than it does. Tabs and line feeds stay.
 */
const special: RegExp = new RegExp(
  String.raw`[&<>"'\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]`,
  "g",
);

/** A sign that stands for the character: Unicode has pictures of the oldest ones. */
function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
}
