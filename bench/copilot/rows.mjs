// @ts-check
// The rows of the co-pilot's benchmark: its own commands as users' Pods have them, start and metadata included.

/** @typedef {import("../../tools/bench/judge-rows.mjs").Row} Row */

/**
 * @param {Omit<Row, "metric"> & { metric?: Row["metric"] }} row
 * @returns {Row}
 */
const row = ({ metric = "cpu", ...rest }) => ({ fixed: true, metric, ...rest });

/** @type {readonly Row[]} */
export const rows = [
  row({ row: "1", what: "download a large file", against: "curl", ours: "get", peer: "curl", gate: { atMost: 1.45 } }),
  row({
    row: "7",
    what: "sidecar, a large file",
    against: "curl -T",
    ours: "put",
    peer: "curl put",
    gate: { atMost: 1.8 },
  }),
  row({ row: "", what: "download a tree", against: "curl", ours: "tree", peer: "curl tree", gate: { atMost: 2 } }),
  row({
    row: "",
    what: "sidecar, a tree",
    against: "curl -T",
    ours: "tree up",
    peer: "curl tree up",
    gate: { atMost: 2 },
  }),
  row({
    row: "9",
    what: "download 64 KiB objects, wall",
    against: "Go SDK v2 c16",
    ours: "many",
    peer: "go many",
    metric: "wall",
    gate: { atMost: 1.2 },
  }),
  row({
    row: "9",
    what: "the same, wall",
    against: "JS SDK v3 c16",
    ours: "many",
    peer: "js many",
    metric: "wall",
    gate: { atMost: 0.2 },
  }),
  row({ row: "10", what: "the same", against: "cp -r", ours: "many", peer: "cp", gate: { atMost: 5 } }),
  // A start is the same whatever else is small.
  {
    row: "12",
    what: "download one small file",
    against: "bare node",
    ours: "cold",
    peer: "node",
    metric: "cpu",
    gate: { atMost: 2.2 },
  },
  {
    row: "12",
    what: "the same",
    against: "client-s3",
    ours: "cold",
    peer: "js cold",
    metric: "cpu",
    gate: { atMost: 0.45 },
  },
];

/** Participants whose memory row 11 bounds. */
export const bounded = ["get", "put", "tree", "tree up", "many", "cold"];
