/** A msgpack document as text much like JSON: what the SDK packs dataclasses and models into. For reading, not for parsing. */

const deepest = 12;

/** At most about `longest` characters; undefined for bytes that are not one whole msgpack value. */
export function msgpackText(bytes: Uint8Array, longest: number): string | undefined {
  const reader = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), position: 0, longest };
  try {
    const text = valueText(reader, 0);
    return reader.position === bytes.length || reader.longest <= 0 ? text : undefined;
  } catch (error) {
    // DataView's own word for a document that ends too early, and ours for a byte without meaning.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position: number;
  /** Characters left to write. */
  longest: number;
}

function valueText(reader: Reader, level: number): string {
  if (level > deepest || reader.longest <= 0) {
    reader.longest = 0;
    return "…";
  }
  const type = take(reader, 1).getUint8(0);
  if (type <= 0x7f) return written(reader, String(type));
  if (type >= 0xe0) return written(reader, String(type - 256));
  if (type <= 0x8f) return mapText(reader, type & 0x0f, level);
  if (type <= 0x9f) return listText(reader, type & 0x0f, level);
  if (type <= 0xbf) return stringText(reader, type & 0x1f);
  const read = readers[type];
  if (read === undefined) throw new RangeError(`byte ${type} begins no value`);
  return read(reader, level);
}

type Read = (reader: Reader, level: number) => string;

const number =
  (size: number, pick: (view: DataView) => number | bigint): Read =>
  (reader) =>
    written(reader, String(pick(take(reader, size))));

const sized =
  (size: 1 | 2 | 4, then: (reader: Reader, length: number, level: number) => string): Read =>
  (reader, level) => {
    const view = take(reader, size);
    const length = size === 1 ? view.getUint8(0) : size === 2 ? view.getUint16(0) : view.getUint32(0);
    return then(reader, length, level);
  };

const readers: Readonly<Record<number, Read>> = {
  0xc0: (reader) => written(reader, "null"),
  0xc2: (reader) => written(reader, "false"),
  0xc3: (reader) => written(reader, "true"),
  0xc4: sized(1, bytesText),
  0xc5: sized(2, bytesText),
  0xc6: sized(4, bytesText),
  0xc7: sized(1, extensionText),
  0xc8: sized(2, extensionText),
  0xc9: sized(4, extensionText),
  0xca: number(4, (view) => view.getFloat32(0)),
  0xcb: number(8, (view) => view.getFloat64(0)),
  0xcc: number(1, (view) => view.getUint8(0)),
  0xcd: number(2, (view) => view.getUint16(0)),
  0xce: number(4, (view) => view.getUint32(0)),
  0xcf: number(8, (view) => view.getBigUint64(0)),
  0xd0: number(1, (view) => view.getInt8(0)),
  0xd1: number(2, (view) => view.getInt16(0)),
  0xd2: number(4, (view) => view.getInt32(0)),
  0xd3: number(8, (view) => view.getBigInt64(0)),
  0xd4: (reader) => extensionText(reader, 1),
  0xd5: (reader) => extensionText(reader, 2),
  0xd6: (reader) => extensionText(reader, 4),
  0xd7: (reader) => extensionText(reader, 8),
  0xd8: (reader) => extensionText(reader, 16),
  0xd9: sized(1, stringText),
  0xda: sized(2, stringText),
  0xdb: sized(4, stringText),
  0xdc: sized(2, listText),
  0xdd: sized(4, listText),
  0xde: sized(2, mapText),
  0xdf: sized(4, mapText),
};

function mapText(reader: Reader, count: number, level: number): string {
  return entriesText(reader, ["{", "}"], count, level, () => {
    const key = valueText(reader, level + 1);
    return `${key}: ${valueText(reader, level + 1)}`;
  });
}

function listText(reader: Reader, count: number, level: number): string {
  return entriesText(reader, ["[", "]"], count, level, () => valueText(reader, level + 1));
}

/** Stops where there is nothing left to write: a count of billions must not be believed. */
function entriesText(
  reader: Reader,
  [open, close]: readonly [string, string],
  count: number,
  level: number,
  next: () => string,
): string {
  if (count === 0) return written(reader, open + close);
  const indent = `\n${"  ".repeat(level + 1)}`;
  const entries: string[] = [];
  while (entries.length < count && reader.longest > 0) entries.push(written(reader, indent) + next());
  const rest = entries.length < count ? `${indent}…` : "";
  return `${open}${entries.join(",")}${rest}\n${"  ".repeat(level)}${close}`;
}

function stringText(reader: Reader, length: number): string {
  const { buffer, byteOffset, byteLength } = take(reader, length);
  // The rest is passed over unread, so that a text of megabytes costs nothing.
  const shown = Math.min(byteLength, reader.longest * 4);
  return written(reader, JSON.stringify(new TextDecoder().decode(new Uint8Array(buffer, byteOffset, shown))));
}

function bytesText(reader: Reader, length: number): string {
  take(reader, length);
  return written(reader, `<${length} bytes>`);
}

function extensionText(reader: Reader, length: number): string {
  const kind = take(reader, 1).getInt8(0);
  take(reader, length);
  return written(reader, `<extension ${kind}, ${length} bytes>`);
}

/** Throws a RangeError when the document is over before. */
function take(reader: Reader, size: number): DataView {
  const view = new DataView(reader.view.buffer, reader.view.byteOffset + reader.position, size);
  if (reader.position + size > reader.bytes.length) throw new RangeError("the document ends too early");
  reader.position += size;
  return view;
}

function written(reader: Reader, text: string): string {
  reader.longest -= text.length;
  return text;
}
