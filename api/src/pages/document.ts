/** The frame of every page: head, landmarks, and the headers that go with it. */
import { type Html, html, nothing } from "./html.ts";

export interface PageDocument {
  readonly title: string;
  /** Where the reader is; the last step is the page itself. */
  readonly steps: readonly Step[];
  readonly main: Html;
  /** Address of the event stream that keeps the page up to date, where there is one. */
  readonly live?: string;
}

export interface Step {
  readonly name: string;
  readonly path?: string;
}

/** Where the script, the style and the icon are served. */
export const assetsPath = "/pages/";

export const assetNames = ["page.css", "live.js", "icon.svg"] as const;

/**
 * Nothing but our own few files runs or loads; no page frames ours. Whatever a task wrote stays text even where an
 * escape was forgotten.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

export function documentText({ title, steps, main, live }: PageDocument): string {
  const path = steps.map((step, index) =>
    index === steps.length - 1
      ? html`<li aria-current="page">${step.name}</li>`
      : html`<li>${step.path === undefined ? step.name : html`<a href="${step.path}">${step.name}</a>`}</li>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${assetsPath}icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${assetsPath}page.css">
<script src="${assetsPath}live.js" defer></script>
</head>
<body${live === undefined ? nothing : html` data-live="${live}"`}>
<a class="skip" href="#main">Skip to content</a>
<header><nav aria-label="Place"><ol class="place">${path}</ol></nav></header>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`.text;
}
