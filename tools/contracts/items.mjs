// @ts-check
// Reads the numbered promises out of the contract documents.

/**
 * @typedef {object} Contract
 * @property {string} name as tags spell it
 * @property {string} document file name under docs/contracts
 * @property {RegExp} section heading line of the section that holds the items; it ends at the next heading of level 2
 * @property {"list" | "table"} form
 */

/**
 * @typedef {object} Item
 * @property {string} contract
 * @property {string} id "12", "B3", "X2"
 * @property {string} text the promise on one line, with its markup
 */

/** @type {readonly Contract[]} */
export const contracts = [
  { name: "copilot", document: "copilot.md", section: /^## \d+\. Conformance checklist$/, form: "list" },
  { name: "dataproxy", document: "dataproxy.md", section: /^## \d+\. Conformance checklist$/, form: "list" },
  { name: "cache", document: "cache-service.md", section: /^## \d+\. Conformance checklist$/, form: "list" },
  { name: "controller", document: "controller.md", section: /^## \d+\. Conformance checklist$/, form: "list" },
  { name: "runs", document: "runs-api.md", section: /^## \d+\. Conformance checklist$/, form: "list" },
  { name: "sdk", document: "sdk-client.md", section: /^## \d+\. Test programs$/, form: "table" },
];

/** `12. text` or `- B3. text`, at the start of a line. */
const listItem = /^(?:(\d+)|- ([A-Z]\d+))\. (.*)$/;
/** `| 3 | **name** | steps | result |` */
const tableRow = /^\| (\d+) \| (.*) \|$/;

/**
 * Reads one document's items in the order they stand.
 * @param {Contract} contract
 * @param {string} text the document
 * @returns {Item[]}
 * @throws {Error} when the section is missing or a series of numbers has a gap, a repetition or does not begin with 1:
 *   either would make the table claim less than was promised
 */
export function readItems(contract, text) {
  const lines = sectionLines(contract, text);
  const items = contract.form === "table" ? fromTable(contract.name, lines) : fromList(contract.name, lines);
  demandUnbroken(contract, items);
  return items;
}

/**
 * @param {Contract} contract
 * @param {string} text
 * @returns {string[]}
 */
function sectionLines({ document, section }, text) {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => section.test(line));
  if (start === -1) throw new Error(`read ${document}: no heading matches ${section}`);
  const end = lines.findIndex((line, index) => index > start && line.startsWith("## "));
  return lines.slice(start + 1, end === -1 ? undefined : end);
}

/**
 * @param {string} contract
 * @param {string[]} lines
 * @returns {Item[]}
 */
function fromList(contract, lines) {
  /** @type {Item[]} */
  const items = [];
  let open = false;
  for (const line of lines) {
    const match = listItem.exec(line);
    const last = items.at(-1);
    if (match) {
      items.push({ contract, id: match[1] ?? match[2] ?? "", text: match[3] ?? "" });
      open = true;
    } else if (open && last && /^\s+\S/.test(line)) {
      // An indented line continues the item above it.
      last.text += ` ${line.trim()}`;
    } else {
      open = false;
    }
  }
  return items;
}

/**
 * @param {string} contract
 * @param {string[]} lines
 * @returns {Item[]}
 */
function fromTable(contract, lines) {
  return lines.flatMap((line) => {
    const match = tableRow.exec(line);
    return match ? [{ contract, id: match[1] ?? "", text: match[2] ?? "" }] : [];
  });
}

/**
 * @param {Contract} contract
 * @param {Item[]} items
 */
function demandUnbroken({ document }, items) {
  /** @type {Map<string, number>} */
  const last = new Map();
  for (const { id } of items) {
    const series = id.replace(/\d+$/, "");
    const number = Number(id.slice(series.length));
    const expected = (last.get(series) ?? 0) + 1;
    if (number !== expected) throw new Error(`read ${document}: item ${series}${expected} expected, ${id} found`);
    last.set(series, number);
  }
  if (items.length === 0) throw new Error(`read ${document}: no items found`);
}
