// @ts-check
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { contracts, readItems } from "./items.mjs";

const documents = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "docs", "contracts");
/** @type {import("./items.mjs").Contract} */
const list = { name: "copilot", document: "x.md", section: /^## \d+\. Conformance checklist$/, form: "list" };

/** @param {string} checklist */
const document = (checklist) =>
  `# X\n\n1. not an item\n\n## 8. Conformance checklist\n\n${checklist}\n\n## 9. Other\n\n9. nor this\n`;

test("an item's continuation lines belong to it and prose between items does not", () => {
  const items = readItems(
    list,
    document("1. Reads\n   the rest.\n\nA sentence.\n  more prose\n2. Writes.\n- B1. **Beyond.** More\n  text."),
  );
  expect(items).toEqual([
    { contract: "copilot", id: "1", text: "Reads the rest." },
    { contract: "copilot", id: "2", text: "Writes." },
    { contract: "copilot", id: "B1", text: "**Beyond.** More text." },
  ]);
});

test.each([
  { name: "a gap", checklist: "1. a\n3. c", message: "item 2 expected, 3 found" },
  { name: "a repetition", checklist: "1. a\n1. b", message: "item 2 expected, 1 found" },
  { name: "a gap in the second series", checklist: "1. a\n- B2. b", message: "item B1 expected, B2 found" },
  { name: "an empty list", checklist: "nothing", message: "no items found" },
])("$name is refused", ({ checklist, message }) => {
  expect(() => readItems(list, document(checklist))).toThrow(message);
});

test("a document without the section is refused", () => {
  expect(() => readItems(list, "# X\n\n1. a\n")).toThrow("no heading matches");
});

test("rows of the program table are items and its head is not", () => {
  const table =
    "## 8. Test programs\n\n| # | Program | Steps |\n|---|---|---|\n| 1 | **hello** | run |\n| 2 | **map** | run |\n";
  const items = readItems(
    { name: "sdk", document: "sdk.md", section: /^## \d+\. Test programs$/, form: "table" },
    table,
  );
  expect(items.map((item) => item.id)).toEqual(["1", "2"]);
});

// The last number of each series, read off the documents by eye.
test.each([
  { name: "copilot", last: ["92", "B59"] },
  { name: "dataproxy", last: ["102", "B35"] },
  { name: "cache", last: ["69", "B38"] },
  { name: "controller", last: ["122", "X39"] },
  { name: "runs", last: ["178"] },
  { name: "sdk", last: ["15"] },
])("the $name document is read to the last item of each series", ({ name, last }) => {
  const contract = contracts.find((candidate) => candidate.name === name);
  if (!contract) throw new Error(`no contract ${name}`);
  const items = readItems(contract, readFileSync(path.join(documents, contract.document), "utf8"));
  const ends = items.filter((item, index) => item.id.replace(/\d+/, "") !== items[index + 1]?.id.replace(/\d+/, ""));
  expect(ends.map((item) => item.id)).toEqual(last);
});
