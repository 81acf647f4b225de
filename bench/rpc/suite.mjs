// @ts-check
// The RPC benchmark: one handler behind our server and behind others, each called by the same program.
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetCacheRequestSchema } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { bundlePrograms } from "../../tools/bench/bundle.mjs";
import { furtherRows } from "./further.mjs";
import { cachedBytes } from "./served.mjs";

/** @typedef {import("../../tools/bench/rounds.mjs").Participant} Participant */

/** @type {readonly import("../../tools/bench/judge-rows.mjs").Row[]} */
const rows = [
  unary("14", "Connect, binary, HTTP/1.1", "bare node:http", "unary", "bare http", 0.6),
  unary("14", "Connect, binary, HTTP/1.1", "connect-node", "unary", "connect-node", 3),
  unary("15", "gRPC, cleartext HTTP/2", "bare http2", "grpc", "bare http2", 0.4),
  unary("15", "gRPC, cleartext HTTP/2", "grpc-js", "grpc", "grpc-js", 1.3),
  unary("16", "Connect, binary, HTTP/1.1", "Go net/http", "unary", "go", undefined),
  unary("16", "Connect, binary, HTTP/1.1", "connect-fastify", "unary", "connect-fastify", undefined),
  {
    row: "17",
    what: "lines of a log, 64 a message",
    against: "connect-node, 1 a message",
    ours: "tail",
    peer: "connect-node tail",
    metric: "rate",
    gate: { atLeast: 6 },
  },
];

/**
 * @param {string} row
 * @param {string} what
 * @param {string} against
 * @param {string} ours
 * @param {string} peer
 * @param {number | undefined} atLeast
 * @returns {import("../../tools/bench/judge-rows.mjs").Row}
 */
function unary(row, what, against, ours, peer, atLeast) {
  const named = {
    row,
    what: `calls of one message, ${what}`,
    against,
    ours,
    peer,
    metric: /** @type {const} */ ("rate"),
  };
  return atLeast === undefined ? named : { ...named, gate: { atLeast } };
}

/** @type {import("../../tools/bench/suite.mjs").Suite} */
export const suite = {
  name: "rpc",
  peers: [],
  async prepare({ root, go, quick }) {
    const js = await bundlePrograms(root, path.join(root, "bench", "rpc"), ["servers"]);
    return {
      participants: participants({ root, go, js, calls: quick ? 5000 : 40_000, lines: quick ? 50_000 : 200_000 }),
      rows,
      further: async (measurements) => furtherRows(measurements),
      close: async () => undefined,
    };
  },
};

/**
 * @param {{ root: string, go: string, js: string, calls: number, lines: number }} scene
 * @returns {Participant[]}
 */
function participants({ root, go, js, calls, lines }) {
  const message = toBinary(GetCacheRequestSchema, create(GetCacheRequestSchema, { key: `${"k".repeat(40)}-1-gLzo` }));
  const envelope = (/** @type {Uint8Array} */ bytes) =>
    Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.byteLength]), bytes]).toString("base64");
  const get = "/flyteidl2.cacheservice.CacheService/Get";
  const tail = "/flyteidl2.dataproxy.DataProxyService/TailLogs";
  const bare = Buffer.from(message).toString("base64");
  const load = {
    unary: ["unary", String(calls), "32", get, bare, "1"],
    grpc: ["grpc", String(calls), "32", get, envelope(message), "1"],
    stream: ["stream", "1", "1", tail, envelope(new Uint8Array()), String(lines)],
  };
  const drive = (
    /** @type {readonly string[]} */ how,
    /** @type {string} */ program,
    /** @type {string[]} */ ...args
  ) => [
    process.execPath,
    path.join(root, "bench", "rpc", "drive.mjs"),
    path.join(go, "rpc-load"),
    ...how,
    "--",
    program,
    ...args,
  ];
  const server = (/** @type {string} */ name) => path.join(js, "servers", `${name}.mjs`);
  const node = process.execPath;
  const fixed = Buffer.from(cachedBytes).toString("base64");
  return [
    { name: "unary", command: drive(load.unary, node, server("ours")) },
    { name: "bare http", command: drive(load.unary, node, server("bare-http")) },
    { name: "connect-node", command: drive(load.unary, node, server("connect-node")) },
    { name: "connect-fastify", command: drive(load.unary, node, server("connect-fastify")) },
    { name: "go", command: drive(load.unary, path.join(go, "rpc-fixed"), fixed) },
    { name: "grpc", command: drive(load.grpc, node, server("ours")) },
    { name: "bare http2", command: drive(load.grpc, node, server("bare-http2")) },
    { name: "grpc-js", command: drive(load.grpc, node, server("grpc-js")) },
    { name: "tail", command: drive(load.stream, node, server("ours"), String(lines)) },
    { name: "connect-node tail", command: drive(load.stream, node, server("connect-node"), String(lines)) },
  ];
}
