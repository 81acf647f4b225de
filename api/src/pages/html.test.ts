import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { html } from "./html.ts";

/** Tags with the names of their attributes, values left out: neither holds an angle bracket or a quote of its own. */
function structure(markup: string): readonly string[] {
  return [...markup.matchAll(/<[^<>]*>/g)].map(([tag]) => tag.replaceAll(/"[^"]*"/g, ""));
}

const page = (data: string) =>
  html`<p title="${data}" class="a">${data}<b>${[data, html`<i>${data}</i>`]}</b> <a href="${encodeURIComponent(data.replaceAll(/\p{Cs}/gu, ""))}">x</a></p>`
    .text;

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        "<script>",
        "</p>",
        '"',
        "'",
        "&",
        "&lt;",
        "<!--",
        "-->",
        "]]>",
        "\0",
        " onclick=",
        "=",
        "\u202e",
        "<",
        ">",
        "x",
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join("")),
);

describe("html", () => {
  test("data change nothing about the structure, whatever they are", () => {
    const expected = structure(page("plain"));
    fc.assert(
      fc.property(hostile, (data) => {
        expect(structure(page(data))).toEqual(expected);
        expect(page(data)).not.toMatch(/<(?:script|!--)/);
      }),
      { numRuns: 2000 },
    );
  });

  test("data come back from the markup as they were, unless they cannot be shown", () => {
    const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (data) => {
        const text = html`${data}`.text.replace(/&([a-z#0-9]+);/g, (_all, name: string) => entities[name] ?? "?");
        expect(text).toBe(data);
      }),
    );
  });

  test("characters that are not shown, or that turn the text around, become signs that are", () => {
    expect(html`${"a\0b\u001bc\u007fd\u202ee\u0085f\ufeffg\th\ni"}`.text).toBe(
      "a␀b␛c␡d‹U+202E›e‹U+0085›f‹U+FEFF›g\th\ni",
    );
  });

  test("markup of a template is kept in a template, and undefined is nothing", () => {
    expect(html`<p>${html`<b>${1}</b>`}${undefined}${[2n, ["x", html`<i></i>`]]}</p>`.text).toBe(
      "<p><b>1</b>2x<i></i></p>",
    );
  });
});
