import { describe, expect, it } from "vitest";
import { childOf, escapeXml, parseXml, textOf, type XmlElement, XmlFault } from "./xml.ts";

describe("a document of S3", () => {
  it("is read element by element, without namespaces and attributes", () => {
    const root = parseXml(`<?xml version="1.0" encoding="UTF-8"?>
      <s3:Result xmlns:s3="http://example/" a='1'>
        <Owner xsi:type="CanonicalUser"><ID/></Owner>
        <Key> a b </Key>
      </s3:Result>
    `);
    expect(root.name).toBe("Result");
    expect(textOf(root, "Key")).toBe(" a b ");
    expect(childOf(root, "Owner")?.children).toEqual([{ name: "ID", text: "", children: [] }]);
    expect(textOf(root, "Absent")).toBeUndefined();
  });

  it("may follow the blanks that keep a long request alive", () => {
    expect(parseXml('   \n\n <?xml version="1.0"?>\n<Error/>').name).toBe("Error");
    expect(parseXml("\uFEFF<Error/>").name).toBe("Error");
  });

  it("has its entities resolved once", () => {
    expect(parseXml("<a>&lt;&amp;lt;&quot;&apos;&gt;&#x1F389;&#233;</a>").text).toBe("<&lt;\"'>🎉é");
  });

  it("gives back text as it was escaped", () => {
    const text = "a<b>&amp;\"c'&#x41;";
    expect(parseXml(`<a>${escapeXml(text)}</a>`).text).toBe(text);
  });

  it.each([
    { name: "no document", text: "" },
    { name: "a page for people", text: "<!doctype html><html></html>" },
    { name: "plain words", text: "junk" },
    { name: "a document cut off", text: "<a><b>x</b>" },
    { name: "a document cut off in a tag", text: "<a><b>x</b" },
    { name: "crossed elements", text: "<a><b></a></b>" },
    { name: "two roots", text: "<a/><b/>" },
    { name: "words after the root", text: "<a>x</a>junk" },
    { name: "words beside elements", text: "<a>x<b/></a>" },
    { name: "words after elements", text: "<a><b/>x</a>" },
    { name: "an unknown entity", text: "<a>&nbsp;</a>" },
    { name: "an entity of half a character", text: "<a>&#xD800;</a>" },
    { name: "an entity that is not closed", text: "<a>&amp</a>" },
    { name: "an entity beyond Unicode", text: "<a>&#x110000;</a>" },
    { name: "a document type", text: '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>' },
    { name: "a comment in an element", text: "<a><!-- x --></a>" },
    { name: "an attribute without quotes", text: "<a b=c/>" },
    { name: "elements nested without end", text: `${"<a>".repeat(100_000)}` },
  ])("is refused when it is $name", ({ text }) => {
    expect(() => parseXml(text)).toThrow(XmlFault);
  });
});

it("a child that is dropped is seen in its turn and is not in the root", () => {
  const seen: string[] = [];
  const drop = ({ name, text }: XmlElement): boolean => {
    if (name === "a") seen.push(text);
    return name === "a";
  };
  const root = parseXml("<r><a>1</a><b><a>2</a></b><a>3</a></r>", { scan: () => undefined, drop });
  expect(seen).toEqual(["1", "3"]);
  expect(root.children.map(({ name }) => name)).toEqual(["b"]);
  expect(() => parseXml("<r><a>1</a>text</r>", { scan: () => undefined, drop: () => true })).toThrow(
    "text stands beside elements",
  );
});

it("a child that is scanned is left to whoever scanned it, and what stands beside it is still looked at", () => {
  const scan = (document: string, at: number): number | undefined =>
    document.startsWith("<a>", at) ? document.indexOf("</a>", at) + 4 : undefined;
  const taker = { scan, drop: () => false };
  expect(parseXml("<r><a>1</a> <b>2</b><a>3</a></r>", taker).children.map(({ name }) => name)).toEqual(["b"]);
  expect(() => parseXml("<r><a>1</a>text</r>", taker)).toThrow("text stands beside elements");
  expect(() => parseXml("<r><a>1</a>", taker)).toThrow("ends inside an element");
});
