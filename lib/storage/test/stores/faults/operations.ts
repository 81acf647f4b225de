/**
 * The transfers that a fault meets. What they move is derived from names, so that a child process and the test that
 * started it agree without telling each other. Nothing here knows of tests.
 */
import path from "node:path";
import type { Bucket } from "../../../src/bucket.ts";
import { someBytes } from "../../../src/conformance/bodies.ts";
import { downloadFile } from "../../../src/transfer/download-file.ts";
import { downloadTree } from "../../../src/transfer/download-tree.ts";
import type { TransferOptions, TransferSizes } from "../../../src/transfer/options.ts";
import { uploadFile } from "../../../src/transfer/upload-file.ts";
import { uploadTree } from "../../../src/transfer/upload-tree.ts";

export type OperationName = "get" | "ranged get" | "tree down" | "put" | "multipart put" | "tree up" | "list";

export interface Operation {
  readonly name: OperationName;
  readonly direction: "down" | "up" | "list";
  /** What moves: keys below the bucket's root, which are paths below the folder too. */
  readonly objects: readonly Named[];
  /** How the engine is told to cut. */
  readonly sizes: Partial<TransferSizes>;
  /** The request that is to be disturbed, in the middle of the operation. */
  readonly victim: (request: VictimRequest) => boolean;
  /** The object that this request is about; of a listing the last key before it. */
  readonly victimKey: string;
  /** Where that request's part of the object begins. */
  readonly victimOffset?: number;
  /** Bytes that its body, or that of its answer, has at least. */
  readonly victimBytes: number;
  /** A place in that body. */
  readonly cutAt: number;
  /** Moves everything between the bucket and `folder`; resolves to the keys listed. */
  run(bucket: Bucket, folder: string, options: RunOptions): Promise<readonly string[]>;
}

export interface Named {
  readonly key: string;
  readonly size: number;
}

export interface VictimRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
}

const mebibyte = 1024 * 1024;

/** The bytes of an object, told by its key alone. */
export function contentOf({ key, size }: Named): Uint8Array {
  let seed = 7;
  for (let index = 0; index < key.length; index++) seed = (seed * 31 + key.charCodeAt(index)) >>> 0;
  return someBytes(size, seed);
}

const tree: readonly Named[] = Array.from({ length: 12 }, (_, index) => ({
  key: `tree/${index % 2 === 0 ? "even" : "odd"}/${index}.bin`,
  size: 50_000 + index,
}));
/** So many that a listing takes two pages. */
const listed: readonly Named[] = Array.from({ length: 1050 }, (_, index) => ({
  key: `many/${index.toString().padStart(5, "0")}`,
  size: 1,
}));

/** Large enough for pieces down, and for one request up. */
const sizes: Partial<TransferSizes> = { wholeBytes: 3 * mebibyte, pieceBytes: mebibyte };

export const operations: readonly Operation[] = [
  {
    name: "get",
    direction: "down",
    objects: [{ key: "object.bin", size: 600_000 }],
    sizes,
    victim: ({ method, target }) => method === "GET" && target.includes("object.bin"),
    victimKey: "object.bin",
    victimBytes: 600_000,
    cutAt: 200_000,
    run: async (bucket, folder, options) => await download(bucket, folder, "object.bin", options),
  },
  {
    name: "ranged get",
    direction: "down",
    objects: [{ key: "large.bin", size: 5 * mebibyte + 17 }],
    sizes,
    victim: ({ method, headers }) => method === "GET" && headers.get("range")?.startsWith("bytes=2097152-") === true,
    victimKey: "large.bin",
    victimOffset: 2 * mebibyte,
    victimBytes: mebibyte,
    cutAt: 300_000,
    run: async (bucket, folder, options) => await download(bucket, folder, "large.bin", options),
  },
  {
    name: "tree down",
    direction: "down",
    objects: tree,
    sizes,
    victim: ({ method, target }) => method === "GET" && target.includes("tree/odd/5.bin"),
    victimKey: "tree/odd/5.bin",
    victimBytes: 50_005,
    cutAt: 20_000,
    async run(bucket, folder, options) {
      await downloadTree(bucket, "tree/", path.join(folder, "tree"), { ...options, sizes });
      return [];
    },
  },
  {
    name: "put",
    direction: "up",
    objects: [{ key: "stored.bin", size: 2 * mebibyte }],
    sizes,
    victim: ({ method, target }) => method === "PUT" && target.includes("stored.bin"),
    victimKey: "stored.bin",
    victimBytes: 2 * mebibyte,
    cutAt: 700_000,
    run: async (bucket, folder, options) => await upload(bucket, folder, "stored.bin", options),
  },
  {
    name: "multipart put",
    direction: "up",
    objects: [{ key: "parts.bin", size: 11 * mebibyte + 5 }],
    sizes,
    victim: ({ method, target }) => method === "PUT" && target.includes("partNumber=2"),
    victimKey: "parts.bin",
    victimOffset: 5 * mebibyte,
    victimBytes: 5 * mebibyte,
    cutAt: 700_000,
    run: async (bucket, folder, options) => await upload(bucket, folder, "parts.bin", options),
  },
  {
    name: "tree up",
    direction: "up",
    objects: tree,
    sizes,
    victim: ({ method, target }) => method === "PUT" && target.includes("tree/odd/5.bin"),
    victimKey: "tree/odd/5.bin",
    victimBytes: 50_005,
    cutAt: 20_000,
    async run(bucket, folder, options) {
      await uploadTree(bucket, path.join(folder, "tree"), "tree/", { ...options, sizes });
      return [];
    },
  },
  {
    name: "list",
    direction: "list",
    objects: listed,
    sizes,
    victim: ({ method, target }) => method === "GET" && /continuation-token=|start-after=/.test(target),
    victimKey: "many/00999",
    victimBytes: 6000,
    cutAt: 5000,
    async run(bucket, _folder, { signal }) {
      const keys: string[] = [];
      for await (const { key } of bucket.list("many/", signal === undefined ? {} : { signal })) keys.push(key);
      return keys;
    },
  },
];

type RunOptions = Pick<TransferOptions, "clock" | "signal" | "writes">;

async function download(bucket: Bucket, folder: string, name: string, options: RunOptions): Promise<readonly string[]> {
  await downloadFile(bucket, name, path.join(folder, name), { ...options, sizes });
  return [];
}

async function upload(bucket: Bucket, folder: string, name: string, options: RunOptions): Promise<readonly string[]> {
  await uploadFile(bucket, path.join(folder, name), name, { ...options, sizes });
  return [];
}
