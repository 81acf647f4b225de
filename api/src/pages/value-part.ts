/** Inputs and outputs for reading. What is large is cut and says so; what is a file is a link. */
import {
  errorCode,
  formatDateTime,
  formatDuration,
  formatFloat,
  type PlainLiteral,
  toPlain,
} from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality } from "@flyte-dataplane/proto/flyteidl2/core/types";
import type { NamedLiteral } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { type Html, html } from "./html.ts";
import { msgpackText } from "./msgpack-text.ts";
import { countText } from "./time-text.ts";

/** Variables shown of one document. */
const mostVariables = 100;
/** Values shown of one document, nested ones and their containers counted. */
const mostValues = 500;
/** Entries shown of one container. */
const mostEntries = 100;
/** Lists within lists. */
const mostLevels = 8;
/** Characters of one text, and of all texts of a document together. */
const longestText = 4_000;
const mostCharacters = 100_000;

/** `link` tells where a variable's file can be had, for variables that are one file. */
export function valuesPart(literals: readonly NamedLiteral[], link: (name: string) => string): Html {
  const budget = { values: mostValues, characters: mostCharacters };
  const shown = literals
    .slice(0, mostVariables)
    .map((literal) => html`<div><dt>${literal.name}</dt><dd>${variablePart(literal, link, budget)}</dd></div>`);
  const left = literals.length - shown.length;
  return html`<dl class="values">${shown}</dl>${left > 0 ? html`<p>and ${countText(left)} more</p>` : ""}`;
}

function variablePart({ name, value }: NamedLiteral, link: (name: string) => string, budget: Budget): Html {
  if (value === undefined) return html`<span class="kind">no value</span>`;
  const blob =
    value.value.case === "scalar" && value.value.value.value.case === "blob"
      ? value.value.value.value.value
      : undefined;
  if (blob !== undefined && blob.metadata?.type?.dimensionality !== BlobType_BlobDimensionality.MULTIPART) {
    return html`<a href="${link(name)}" rel="nofollow">Download file</a> <code class="uri">${blob.uri}</code>`;
  }
  return literalPart(value, budget, 1);
}

/** What of a document may still be shown. */
interface Budget {
  values: number;
  characters: number;
}

/** Containers are gone through here, only as far as they are shown: one may hold millions. */
function literalPart(literal: Literal, budget: Budget, level: number): Html {
  const { value } = literal;
  budget.values -= 1;
  if (value.case === "collection") {
    const entries = value.value.literals.slice(0, mostEntries).map((item) => ({ label: undefined, item }));
    return listPart({ kind: "list", size: value.value.literals.length, entries }, budget, level);
  }
  if (value.case === "map") {
    const keys = Object.keys(value.value.literals);
    const entries = keys.slice(0, mostEntries).map((label) => ({ label, item: value.value.literals[label] }));
    return listPart({ kind: "map", size: keys.length, entries }, budget, level);
  }
  if (value.case === "scalar" && value.value.value.case === "union") {
    const inner = value.value.value.value.value;
    return inner === undefined ? incomplete : literalPart(inner, budget, level);
  }
  return plainPart(literal, budget);
}

const incomplete: Html = html`<span class="kind">a value that is incomplete</span>`;

function plainPart(literal: Literal, budget: Budget): Html {
  let value: PlainLiteral;
  try {
    value = toPlain(literal);
  } catch (error) {
    // Whoever stored it left a value out: the page can only say so.
    if (errorCode(error) !== "invalid_argument") throw error;
    return incomplete;
  }
  switch (value.kind) {
    case "integer":
      return html`<code>${value.value}</code>`;
    case "float":
      return html`<code>${formatFloat(value.value)}</code>`;
    case "boolean":
      return html`<code>${String(value.value)}</code>`;
    case "string":
      return textPart(value.value, budget);
    case "datetime":
      return html`<code>${formatDateTime(value.value)}</code>`;
    case "duration":
      return html`<code>${formatDuration(value.value)}</code>`;
    case "blob":
      return html`<span class="kind">${value.multipart ? "folder" : "file"}</span> <code class="uri">${value.uri}</code>`;
    case "dataset":
    case "schema":
      return html`<span class="kind">table</span> <code class="uri">${value.uri}</code>`;
    case "binary":
      return binaryPart(value.bytes, value.tag, budget);
    case "struct":
      return blockPart(JSON.stringify(value.value, undefined, 2), budget);
    case "error":
      return html`<span class="kind">error</span> ${textPart(value.message, budget)}`;
    case "offloaded":
      return html`<span class="kind">stored apart, ${countText(Number(value.sizeBytes))} bytes</span> <code class="uri">${value.uri}</code>`;
    // Containers do not come this far.
    case "collection":
    case "map":
    case "union":
    case "none":
    case "no-primitive":
      return html`<span class="kind">none</span>`;
  }
}

interface Container {
  readonly kind: "list" | "map";
  readonly size: number;
  /** The first of them. */
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly label: string | undefined;
  readonly item: Literal | undefined;
}

function listPart({ kind, size, entries }: Container, budget: Budget, level: number): Html {
  const title = html`<span class="kind">${kind} of ${countText(size)}</span>`;
  if (size === 0 || level > mostLevels) return title;
  const items: Html[] = [];
  for (const { label, item } of entries) {
    if (budget.values <= 0) break;
    const name = label === undefined ? "" : html`<span class="key">${cut(label, 200)}</span> `;
    items.push(html`<li>${name}${item === undefined ? incomplete : literalPart(item, budget, level + 1)}</li>`);
  }
  const left = size - items.length;
  const rest = left > 0 ? html`<li class="kind">and ${countText(left)} more</li>` : "";
  return html`${title}<ul class="items">${items}${rest}</ul>`;
}

function binaryPart(bytes: Uint8Array, tag: string, budget: Budget): Html {
  const text = tag === "msgpack" ? msgpackText(bytes, longestText) : undefined;
  if (text !== undefined) return blockPart(text, budget);
  return html`<span class="kind">${countText(bytes.length)} bytes${tag === "" ? "" : ` of ${tag}`}</span>`;
}

function textPart(text: string, budget: Budget): Html {
  if (text === "") return html`<span class="kind">empty text</span>`;
  return text.includes("\n") || text.length > 200 ? blockPart(text, budget) : html`<code>${text}</code>`;
}

function blockPart(text: string, budget: Budget): Html {
  const longest = Math.max(0, Math.min(longestText, budget.characters));
  budget.characters -= text.length;
  return html`<pre class="value" tabindex="0" role="region" aria-label="Value">${cut(text, longest)}</pre>`;
}

export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest)} … and ${countText(text.length - longest)} more characters`;
}
