/** Inputs and outputs for reading. What is large is cut and says so; what is a file is a link. */
import { formatDateTime, formatDuration, formatFloat, type PlainLiteral, toPlain } from "@flyte-dataplane/core";
import type { NamedLiteral } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { type Html, html } from "./html.ts";
import { msgpackText } from "./msgpack-text.ts";
import { countText } from "./time-text.ts";

/** Variables shown of one document. */
const mostVariables = 100;
/** Values shown of one variable, nested ones counted. */
const mostValues = 200;
/** Lists within lists. */
const mostLevels = 8;
/** Characters of one text. */
const longestText = 4_000;

/** `link` tells where a variable's file can be had, for variables that are one file. */
export function valuesPart(literals: readonly NamedLiteral[], link: (name: string) => string): Html {
  const shown = literals
    .slice(0, mostVariables)
    .map((literal) => html`<div><dt>${literal.name}</dt><dd>${variablePart(literal, link)}</dd></div>`);
  const left = literals.length - shown.length;
  return html`<dl class="values">${shown}</dl>${left > 0 ? html`<p>and ${countText(left)} more</p>` : ""}`;
}

function variablePart({ name, value }: NamedLiteral, link: (name: string) => string): Html {
  if (value === undefined) return html`<span class="kind">no value</span>`;
  let plain: PlainLiteral;
  try {
    plain = toPlain(value);
  } catch {
    // Whoever stored it left a value out: the page can only say so.
    return html`<span class="kind">a value that is incomplete</span>`;
  }
  if (plain.kind === "blob" && !plain.multipart) {
    return html`<a href="${link(name)}" rel="nofollow">Download file</a> <code class="uri">${plain.uri}</code>`;
  }
  return valuePart(plain, { left: mostValues }, 1);
}

interface Budget {
  left: number;
}

function valuePart(value: PlainLiteral, budget: Budget, level: number): Html {
  budget.left -= 1;
  switch (value.kind) {
    case "integer":
      return html`<code>${value.value}</code>`;
    case "float":
      return html`<code>${formatFloat(value.value)}</code>`;
    case "boolean":
      return html`<code>${String(value.value)}</code>`;
    case "string":
      return textPart(value.value);
    case "datetime":
      return html`<code>${formatDateTime(value.value)}</code>`;
    case "duration":
      return html`<code>${formatDuration(value.value)}</code>`;
    case "none":
    case "no-primitive":
      return html`<span class="kind">none</span>`;
    case "blob":
      return html`<span class="kind">${value.multipart ? "folder" : "file"}</span> <code class="uri">${value.uri}</code>`;
    case "dataset":
    case "schema":
      return html`<span class="kind">table</span> <code class="uri">${value.uri}</code>`;
    case "binary":
      return binaryPart(value.bytes, value.tag);
    case "struct":
      return blockPart(JSON.stringify(value.value, undefined, 2));
    case "error":
      return html`<span class="kind">error</span> ${textPart(value.message)}`;
    case "union":
      return valuePart(value.value, budget, level);
    case "offloaded":
      return html`<span class="kind">stored apart, ${countText(Number(value.sizeBytes))} bytes</span> <code class="uri">${value.uri}</code>`;
    case "collection":
      return listPart(
        "list",
        value.items.map((item) => ({ label: undefined, item })),
        budget,
        level,
      );
    case "map":
      return listPart(
        "map",
        [...value.entries].map(([label, item]) => ({ label, item })),
        budget,
        level,
      );
  }
}

interface Entry {
  readonly label: string | undefined;
  readonly item: PlainLiteral;
}

function listPart(kind: string, entries: readonly Entry[], budget: Budget, level: number): Html {
  const size = `${kind} of ${countText(entries.length)}`;
  if (entries.length === 0 || level > mostLevels) return html`<span class="kind">${size}</span>`;
  const items: Html[] = [];
  for (const { label, item } of entries) {
    if (budget.left <= 0) break;
    const name = label === undefined ? "" : html`<span class="key">${cut(label, 200)}</span> `;
    items.push(html`<li>${name}${valuePart(item, budget, level + 1)}</li>`);
  }
  const left = entries.length - items.length;
  const rest = left > 0 ? html`<li class="kind">and ${countText(left)} more</li>` : "";
  return html`<span class="kind">${size}</span><ul class="items">${items}${rest}</ul>`;
}

function binaryPart(bytes: Uint8Array, tag: string): Html {
  const text = tag === "msgpack" ? msgpackText(bytes, longestText) : undefined;
  if (text !== undefined) return blockPart(text);
  return html`<span class="kind">${countText(bytes.length)} bytes${tag === "" ? "" : ` of ${tag}`}</span>`;
}

function textPart(text: string): Html {
  if (text === "") return html`<span class="kind">empty text</span>`;
  return text.includes("\n") || text.length > 200 ? blockPart(text) : html`<code>${text}</code>`;
}

function blockPart(text: string): Html {
  return html`<pre class="value" tabindex="0" role="region" aria-label="Value">${cut(text, longestText)}</pre>`;
}

export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest)} … and ${countText(text.length - longest)} more characters`;
}
