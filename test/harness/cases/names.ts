/** What inputs, files and objects may be called. Items B30, B35, B38, B40, B59. */
import type { Case } from "../case.ts";
import { documents } from "../model/predict-download.ts";
import { file, folder, list, map, text, type Value } from "../value.ts";
import { downloadCase, ours } from "./download-case.ts";

const objects = {
  "data/p/2_file": "P",
  "data/p/file": "F",
  "data/q/file": "Q",
  "data/f.txt/file.txt": "one",
  "data/f.txt/1_file.txt": "two",
  "data/g/file.txt": "three",
};
const odd = ["a b.txt", "é.txt", "日本.txt", "a+b", "a:b", "a=b&c", "a,b;c", "~x", "(x)", "x!*'", "a@b", "$x"];
const marks = ["what?.txt", "h#x", "100%.txt", "a%20b"];
/** Keys that the model and the store have alike, but that leave the folder when they are taken as paths. */
const escapes: readonly (readonly [string, Value])[] = [
  ["a dict's key of dots", map({ "..": text("x") })],
  ["a dict's key with a slash", map({ "a/b": text("x") })],
  ["a dict's key that climbs", map({ "../../x": text("x") })],
  ["an empty key of a dict", map({ "": text("x") })],
];

export const nameCases: readonly Case[] = [
  ...odd.map((name) =>
    downloadCase(`a file called ${name} comes under its name`, ["B35"], {
      inputs: { x: file(`data/odd/${name}`), d: folder("data/odd") },
      objects: { [`data/odd/${name}`]: name },
    }),
  ),
  ...[...odd, ...marks].map((name) =>
    downloadCase(
      `a file called ${name} keeps its name in NAMED_DIR`,
      ["B30", "B35"],
      { inputs: { x: file(`data/odd/${name}`) }, objects: { [`data/odd/${name}`]: name }, layout: "NAMED_DIR" },
      ours,
    ),
  ),
  ...marks.flatMap((name) => [
    downloadCase(
      `an object called ${name} is the one that is named`,
      ["B59"],
      { inputs: { x: file(`data/odd/${name}`) }, objects: { [`data/odd/${name}`]: name, "data/odd/what": "not me" } },
      ours,
    ),
    downloadCase(
      `an object called ${name} is staged with its folder`,
      ["B35"],
      { inputs: { d: folder("data/odd") }, objects: { [`data/odd/${name}`]: name, "data/odd/sub/z": "z" } },
      ours,
    ),
  ]),
  downloadCase(
    "a location written with bare marks names the object with these marks",
    ["B59"],
    {
      inputs: { x: { is: "file", at: { uri: "{base}/data/odd/h#x" }, format: "" } },
      objects: { "data/odd/h#x": "right", "data/odd/h": "wrong" },
      expect: (_world, predicted) => ({
        ...predicted,
        status: 0,
        local: { whole: false, entries: { x: { is: "text", text: "right" } } },
        remote: { whole: true, entries: {} },
      }),
    },
    ours,
  ),
  downloadCase(
    "three files whose names would collide get three names",
    ["B30"],
    {
      inputs: { l: list(file("data/f.txt/file.txt"), file("data/f.txt/1_file.txt"), file("data/g/file.txt")) },
      objects,
      layout: "NAMED_DIR",
    },
    ours,
  ),
  downloadCase(
    "a name that a fallback takes first is not overwritten",
    ["B30"],
    {
      inputs: { l: list(file("data/p/2_file"), file("data/p/file"), file("data/q/file")) },
      objects,
      layout: "NAMED_DIR",
    },
    ours,
  ),
  ...escapes.map(([name, value]) =>
    downloadCase(
      `${name} is refused and nothing is written outside`,
      ["B38"],
      {
        inputs: { x: value, fine: text("y") },
        expect: ({ dialect }) => ({
          status: 0,
          local: { whole: true, entries: {} },
          remote: {
            whole: true,
            entries: documents(dialect, { code: "InputDownloadFailed", names: ["x"], origin: "USER" }),
          },
        }),
      },
      ours,
    ),
  ),
  ...["..", ".", "a/b", "../x"].map((name) =>
    downloadCase(
      `a variable called ${name} is refused before any byte is written`,
      ["B38"],
      {
        inputs: { [name]: text("x"), fine: text("y") },
        expect: ({ dialect }) => ({
          status: 0,
          local: { whole: true, entries: {} },
          remote: {
            whole: true,
            entries: documents(dialect, { code: "InputDownloadFailed", names: [name], origin: "USER" }),
          },
        }),
      },
      ours,
    ),
  ),
  ...["inputs.pb", "inputs.json", "inputs.yaml", "outputs.pb", "error.pb", "errors.pb", "_ERROR"].map((name) =>
    downloadCase(
      `a variable called ${name} does not overwrite the file of that name`,
      ["B40"],
      { inputs: { [name]: text("mine") } },
      ours,
    ),
  ),
];
