/**
 * Rewrites a msgpack document with the entries of every map sorted by their packed keys, so that equal dictionaries
 * have equal bytes. Values keep their own encoding. `undefined` for bytes that are not one whole msgpack value, or
 * one nested deeper than 100.
 */
export function canonicalMsgpack(bytes: Uint8Array): Uint8Array | undefined {
  const reader = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), position: 0 };
  const canonical = rewrite(reader, 0);
  return canonical !== undefined && reader.position === bytes.length ? canonical : undefined;
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position: number;
}

const maxDepth = 100;

/** One value's rewritten bytes; `undefined` where the document ends too early or holds a reserved type. */
function rewrite(reader: Reader, depth: number): Uint8Array | undefined {
  const from = reader.position;
  const type = reader.bytes[from];
  if (type === undefined || depth > maxDepth) return undefined;
  const shape = shapeOf(reader, type);
  if (shape === undefined || from + shape.head > reader.bytes.length) return undefined;
  reader.position = from + shape.head;
  if (shape.kind === "bytes") {
    if (shape.count > reader.bytes.length - reader.position) return undefined;
    reader.position += shape.count;
    return reader.bytes.subarray(from, reader.position);
  }
  const head = reader.bytes.subarray(from, reader.position);
  return shape.kind === "array"
    ? rewriteArray(reader, head, shape.count, depth)
    : rewriteMap(reader, head, shape.count, depth);
}

function rewriteArray(reader: Reader, head: Uint8Array, count: number, depth: number): Uint8Array | undefined {
  const parts = [head];
  for (let i = 0; i < count; i += 1) {
    const item = rewrite(reader, depth + 1);
    if (item === undefined) return undefined;
    parts.push(item);
  }
  return Buffer.concat(parts);
}

function rewriteMap(reader: Reader, head: Uint8Array, count: number, depth: number): Uint8Array | undefined {
  const entries: [Uint8Array, Uint8Array][] = [];
  for (let i = 0; i < count; i += 1) {
    const key = rewrite(reader, depth + 1);
    const value = key === undefined ? undefined : rewrite(reader, depth + 1);
    if (key === undefined || value === undefined) return undefined;
    entries.push([key, value]);
  }
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head, ...entries.flat()]);
}

interface Shape {
  readonly kind: "bytes" | "array" | "map";
  /** Bytes before the content. */
  readonly head: number;
  /** Bytes, elements or entries that follow. */
  readonly count: number;
}

function shapeOf(reader: Reader, type: number): Shape | undefined {
  if (type <= 0x7f || type >= 0xe0) return { kind: "bytes", head: 1, count: 0 };
  if (type <= 0x8f) return { kind: "map", head: 1, count: type & 0x0f };
  if (type <= 0x9f) return { kind: "array", head: 1, count: type & 0x0f };
  if (type <= 0xbf) return { kind: "bytes", head: 1, count: type & 0x1f };
  const layout = layouts[type];
  if (layout === undefined) return undefined;
  const [kind, lengthBytes, fixed] = layout;
  if (reader.position + 1 + lengthBytes > reader.bytes.length) return undefined;
  return { kind, head: 1 + lengthBytes, count: fixed + lengthAt(reader, lengthBytes) };
}

function lengthAt(reader: Reader, lengthBytes: number): number {
  const at = reader.position + 1;
  if (lengthBytes === 1) return reader.view.getUint8(at);
  if (lengthBytes === 2) return reader.view.getUint16(at);
  return lengthBytes === 4 ? reader.view.getUint32(at) : 0;
}

/** By first byte: what follows, the width of its length field, and bytes that always follow. 0xc1 is reserved. */
const layouts: Readonly<Record<number, readonly [Shape["kind"], number, number]>> = {
  192: ["bytes", 0, 0],
  194: ["bytes", 0, 0],
  195: ["bytes", 0, 0],
  196: ["bytes", 1, 0],
  197: ["bytes", 2, 0],
  198: ["bytes", 4, 0],
  199: ["bytes", 1, 1],
  200: ["bytes", 2, 1],
  201: ["bytes", 4, 1],
  202: ["bytes", 0, 4],
  203: ["bytes", 0, 8],
  204: ["bytes", 0, 1],
  205: ["bytes", 0, 2],
  206: ["bytes", 0, 4],
  207: ["bytes", 0, 8],
  208: ["bytes", 0, 1],
  209: ["bytes", 0, 2],
  210: ["bytes", 0, 4],
  211: ["bytes", 0, 8],
  212: ["bytes", 0, 2],
  213: ["bytes", 0, 3],
  214: ["bytes", 0, 5],
  215: ["bytes", 0, 9],
  216: ["bytes", 0, 17],
  217: ["bytes", 1, 0],
  218: ["bytes", 2, 0],
  219: ["bytes", 4, 0],
  220: ["array", 2, 0],
  221: ["array", 4, 0],
  222: ["map", 2, 0],
  223: ["map", 4, 0],
};
