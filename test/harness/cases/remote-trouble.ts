/** Downloads whose store, web server or offloaded literals give trouble. Items 48, 49, 58, B13, B18, B19, B28, B45, B46. */
import { Buffer } from "node:buffer";
import type { Case } from "../case.ts";
import { downloadFails } from "../model/predict-download.ts";
import { file, folder, integer, list, map, offloaded, text, union, type Value } from "../value.ts";
import { downloadCase, ours } from "./download-case.ts";
import { fails } from "./told-failure.ts";
import { storePairs, storeWords } from "./words.ts";

const always = Number.POSITIVE_INFINITY;
const y = { x: text("y") };

export const remoteTroubleCases: readonly Case[] = [
  // Stores that fail for a while, or for good.
  ...([429, 500, 503] as const).map((status) =>
    downloadCase(
      `a store that answers ${status} once is asked again`,
      ["B45"],
      {
        inputs: { x: file("data/x") },
        objects: { "data/x": "content" },
        faults: [{ key: "/data/x", effect: { kind: "answer", status } }],
        expect: (_world, predicted) => ({ ...predicted, requests: { "GET data/x": 2 } }),
      },
      ours,
    ),
  ),
  ...([401, 403, 404] as const).map((status) =>
    downloadCase(
      `a store that answers ${status} is not asked again`,
      ["B45"],
      {
        inputs: { x: file("data/x") },
        objects: { "data/x": "content" },
        faults: [{ key: "/data/x", effect: { kind: "answer", status }, times: always }],
        expect: (world) => ({ ...fails(["x"])(world), requests: { "GET data/x": 1 } }),
      },
      ours,
    ),
  ),
  ...(
    [
      ["reset before its first byte", { kind: "reset-answer", afterBytes: 0 }],
      ["reset in its middle", { kind: "reset-answer", afterBytes: 100_000 }],
      ["ended too early", { kind: "short-answer", afterBytes: 150_000 }],
      ["lost", { kind: "lost-answer" }],
    ] as const
  ).map(([name, effect]) =>
    downloadCase(
      `an answer that is ${name} is asked for again and the file is whole`,
      ["B45", "B18"],
      {
        inputs: { x: file("data/x") },
        objects: { "data/x": Buffer.alloc(300_000, "0123456789abcdef") },
        faults: [{ key: "/data/x", effect }],
      },
      ours,
    ),
  ),
  downloadCase(
    "a download whose every try breaks off leaves no part of the file",
    ["B18"],
    {
      inputs: { x: file("data/x") },
      objects: { "data/x": Buffer.alloc(300_000, "0123456789abcdef") },
      faults: [{ key: "/data/x", effect: { kind: "reset-answer", afterBytes: 1000 }, times: always }],
      flags: ["--timeout", "3s"],
      expect: (world) => ({ ...downloadFails(world.dialect, []), local: { whole: true, entries: {} } }),
    },
    ours,
  ),
  downloadCase(
    "a byte that changed on its way is noticed and fetched again",
    ["B19"],
    {
      inputs: { x: file("data/x") },
      objects: { "data/x": Buffer.alloc(50_000, "0123456789abcdef") },
      faults: [{ key: "/data/x", effect: { kind: "corrupt-answer", atByte: 25_000 } }],
    },
    ours,
  ),
  downloadCase(
    "bytes that change on every way are told of, not staged",
    ["B19"],
    {
      inputs: { x: file("data/x") },
      objects: { "data/x": Buffer.alloc(50_000, "0123456789abcdef") },
      faults: [{ key: "/data/x", effect: { kind: "corrupt-answer", atByte: 25_000 }, times: always }],
      expect: (world) => ({ ...fails(["x"])(world), local: { whole: true, entries: {} } }),
    },
    ours,
  ),
  downloadCase(
    "a listing that fails for good is told with its variable",
    ["B7"],
    {
      inputs: { d: folder("data/d") },
      objects: { "data/d/1": "x" },
      faults: [{ key: "?list", effect: { kind: "answer", status: 403 }, times: always }],
      expect: fails(["d"]),
    },
    ours,
  ),
  downloadCase(
    "a listing that is busy once is asked for again",
    ["B45"],
    {
      inputs: { d: folder("data/d") },
      objects: { "data/d/1": "x" },
      faults: [{ key: "?list", effect: { kind: "answer", status: 503 } }],
    },
    ours,
  ),
  downloadCase(
    "a store that refuses the keys ends with 1 and shows neither them nor usage",
    ["58", "B8", "B9"],
    {
      inputs: y,
      before: (world) => storeWords(world, { pairs: { ...storePairs(world), secret_key: "WRONGSECRET" } }),
      expect: () => ({
        status: 1,
        remote: { whole: true, entries: {} },
        stdout: { lacks: ["WRONGSECRET"] },
        stderr: { lacks: ["WRONGSECRET", "Usage"] },
        lastLine: { matches: "^Error: " },
      }),
    },
    ours,
  ),
  downloadCase("a report that cannot be written ends with 1", ["58"], {
    inputs: { gone: file("data/absent") },
    faults: [{ key: "/out/errors.pb", method: "PUT", effect: { kind: "answer", status: 403 }, times: always }],
    expect: () => ({ status: 1, remote: { whole: false, entries: {}, lacks: ["out/errors.pb"] } }),
  }),
  // Offloaded literals.
  downloadCase("offloaded literals are followed at the top and in dicts", ["49"], {
    inputs: {
      o: offloaded("off/1", text("from afar")),
      m: map({ k: offloaded("off/2", file("data/a")), n: map({ deep: offloaded("off/3", list(integer(1))) }) }),
    },
    objects: { "data/a": "A" },
  }),
  ...(
    [
      ["a list", list(offloaded("off/1", text("x")), text("y"))],
      ["a union", union(offloaded("off/1", text("x")))],
      ["another offloaded literal", offloaded("off/1", offloaded("off/2", offloaded("off/3", text("x"))))],
      ["a list in an offloaded dict", offloaded("off/1", map({ k: list(offloaded("off/2", integer(1))) }))],
    ] as const
  ).map(([name, value]) =>
    downloadCase(`offloaded literals are followed in ${name}`, ["B28"], { inputs: { x: value } }, ours),
  ),
  downloadCase(
    "offloaded literals that lead to one another for ever are refused",
    ["B28"],
    {
      inputs: {
        x: Array.from({ length: 40 }).reduce<Value>((value, _, at) => offloaded(`off/${at}`, value), text("deep")),
      },
      expect: fails([]),
    },
    ours,
  ),
  downloadCase(
    "an archived object fails with its name",
    ["B37"],
    {
      inputs: { cold: file("data/cold") },
      objects: { "data/cold": "x" },
      faults: [
        {
          key: "/data/cold",
          effect: {
            kind: "answer",
            status: 403,
            headers: { "content-type": "application/xml" },
            body: "<Error><Code>InvalidObjectState</Code><Message>archived</Message></Error>",
          },
          times: always,
        },
      ],
      expect: fails(["cold"], ["data/cold"]),
    },
    ours,
  ),
  downloadCase(
    "an offloaded literal that leads back to itself is refused",
    ["B28"],
    {
      // What lies there refers to where it lies.
      inputs: { x: offloaded("off/a", list({ is: "reference", at: { key: "off/a" } })) },
      expect: fails([], ["off/a"]),
    },
    ours,
  ),
  downloadCase(
    "what its writer noted beside an offloaded literal stays",
    ["B33"],
    {
      inputs: { x: { ...offloaded("off/1", { ...text("y"), hash: "stored" }), metadata: { k: "v" } } },
    },
    ours,
  ),
  downloadCase(
    "an offloaded literal that is not there is told of",
    ["49"],
    {
      inputs: { x: { is: "reference", at: { key: "off/absent" } } },
      expect: fails([], ["off/absent"]),
    },
    ours,
  ),
  // The web.
  downloadCase("a file from the web is saved, redirects followed", ["48"], {
    inputs: { x: { is: "file", at: { web: "/old" }, format: "" } },
    web: { "/old": { status: 302, headers: { location: "/new" } }, "/new": { status: 200, body: "from the web" } },
  }),
  downloadCase(
    "a file from the web keeps its own name without the query",
    ["B30"],
    {
      inputs: { x: { is: "file", at: { web: "/dir/f%C3%A9.csv?token=1" }, format: "" } },
      web: { "/dir/f%C3%A9.csv?token=1": { status: 200, body: "x" } },
      layout: "NAMED_DIR",
    },
    ours,
  ),
  ...([400, 401, 403, 404, 410] as const).map((status) =>
    downloadCase(
      `a web server's ${status} is a failure that tells it and no query`,
      ["B46", "B8"],
      {
        inputs: { x: { is: "file", at: { web: "/f?signature=SECRET" }, format: "" } },
        web: { "/f?signature=SECRET": { status, body: "<Error/>" } },
        expect: (world) => ({
          ...downloadFails(world.dialect, ["x"], { says: [String(status)], silent: ["SECRET"] }),
          local: { whole: true, entries: {} },
          stderr: { lacks: ["SECRET"] },
        }),
      },
      ours,
    ),
  ),
];
