import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { escapeXml, parseXml, type XmlElement, XmlFault } from "./xml.ts";

const pieces = [
  "<a>",
  "</a>",
  "<b/>",
  "<s3:b x='1'>",
  "</s3:b>",
  "&amp;",
  "&#x41;",
  "&#0;",
  "&x;",
  "<?xml version='1.0'?>",
];
const words = ["a", " ", "\n", "<", ">", "&", '"', "'", "]]>", "<!--", "é", "\u{1f600}", "\uFEFF", "=", "/", ";"];

interface Given {
  readonly document: string;
  /** What it was printed from. */
  readonly element?: XmlElement;
  /** No document, by the way it was made. */
  readonly unsound?: boolean;
}

function integer(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

function text(random: () => number, from: readonly string[], most: number): string {
  return Array.from({ length: integer(random, most + 1) }, () => from[integer(random, from.length)] ?? "").join("");
}

function someElement(random: () => number, depth: number): XmlElement {
  const name = ["Key", "a", "Contents", "b-1.x"][integer(random, 4)] ?? "a";
  const count = depth > 3 ? 0 : integer(random, 4);
  if (count === 0) return { name, text: text(random, words, 5), children: [] };
  return { name, text: "", children: Array.from({ length: count }, () => someElement(random, depth + 1)) };
}

function print({ name, text: inner, children }: XmlElement): string {
  const content = children.length > 0 ? children.map(print).join("\n ") : escapeXml(inner);
  return `<${name} xmlns="u">${content}</${name}>`;
}

/** `printed`, made wrong at one of its tags. */
function spoiled(random: () => number, printed: string): string {
  const ends = [...printed.matchAll(/<\/[^>]+>/g)];
  const match = ends[integer(random, ends.length)];
  const [end, index] = [match?.[0] ?? "", match?.index ?? 0];
  const wrong = [`</other${end.slice(2)}`, "", `${end}${end}`, `<other>${end}`, `&unknown;${end}`, `&#0;${end}`];
  return printed.slice(0, index) + (wrong[integer(random, wrong.length)] ?? "") + printed.slice(index + end.length);
}

/** A document that was printed, one with a place changed or a tag made wrong, or pieces of markup in any order. */
export const fuzzTarget: FuzzTarget = {
  name: "s3-xml",
  subject: "lib/storage/src/drivers/s3/xml.ts",
  generate(random) {
    const element = someElement(random, 0);
    const printed = `<?xml version="1.0"?>${print(element)}\n`;
    const kind = integer(random, 4);
    const at = integer(random, printed.length + 1);
    const changed =
      kind === 1
        ? printed.slice(0, at) + text(random, [...pieces, ...words], 2) + printed.slice(at + integer(random, 3))
        : text(random, [...pieces, ...words], 12);
    if (kind === 3) return encoded({ document: spoiled(random, printed), unsound: true });
    return encoded(kind === 0 ? { document: printed, element } : { document: changed });
  },
  run(input) {
    const given = JSON.parse(new TextDecoder().decode(input)) as Given;
    let parsed: XmlElement;
    try {
      parsed = parseXml(given.document);
    } catch (error) {
      if (error instanceof XmlFault && given.element === undefined) return "rejected";
      throw error;
    }
    if (given.unsound === true) throw new Error("accepted what is not well-formed");
    // A document cut off anywhere before its last mark is no document: half a listing must not pass for a whole one.
    const end = given.document.lastIndexOf(">");
    for (const cut of [end, Math.floor(end / 2)]) {
      if (accepts(given.document.slice(0, cut))) throw new Error(`accepted although it ends at ${cut}`);
    }
    const again = parseXml(print(parsed));
    if (JSON.stringify(again) !== JSON.stringify(parsed)) throw new Error("another document after printing");
    if (given.element !== undefined && JSON.stringify(parsed) !== JSON.stringify(given.element)) {
      throw new Error("read another document than was printed");
    }
    return "accepted";
  },
};

function encoded(given: Given): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(given));
}

function accepts(document: string): boolean {
  try {
    parseXml(document);
    return true;
  } catch {
    return false;
  }
}
