/** What the SDK packs dataclasses, models and dictionaries into, as values that JSON can show. */
import { isUtf8 } from "node:buffer";
import { DataPlaneError, formatDateTime } from "@flyte-dataplane/core";
import { type MetadataValue, toBase64, toJson } from "./metadata-value.ts";

/** Levels of lists and maps. */
const maxDepth = 100;

/**
 * The value of one whole msgpack document. Bytes become base64, a timestamp its text in UTC, other extensions base64 of
 * their data; a key that is no text becomes its JSON. Throws `invalid_argument` for bytes that are no such document.
 */
export function msgpackValue(bytes: Uint8Array): MetadataValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  end(): void {
    if (this.#position !== this.#bytes.length) throw refuse("something follows it");
  }

  value(depth: number): MetadataValue {
    if (depth > maxDepth) throw refuse(`it is nested deeper than ${maxDepth} levels`);
    const type = Number(this.#unsigned(1));
    if (type <= 0x7f) return BigInt(type);
    if (type >= 0xe0) return BigInt(type - 256);
    if (type <= 0x8f) return this.#map(type & 0x0f, depth);
    if (type <= 0x9f) return this.#list(type & 0x0f, depth);
    if (type <= 0xbf) return this.#text(type & 0x1f);
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.#view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      default:
        return this.#sized(type, depth);
    }
  }

  /** Kinds of which each has one first byte per width of its length, or of itself. */
  #sized(type: number, depth: number): MetadataValue {
    const width = (first: number): number => 2 ** (type - first);
    if (type >= 0xc4 && type <= 0xc6) return toBase64(this.#take(this.#length(width(0xc4))));
    if (type >= 0xc7 && type <= 0xc9) return this.#extension(this.#length(width(0xc7)));
    if (type >= 0xcc && type <= 0xcf) return this.#unsigned(width(0xcc));
    if (type >= 0xd0 && type <= 0xd3) {
      const size = width(0xd0);
      return BigInt.asIntN(8 * size, this.#unsigned(size));
    }
    if (type >= 0xd4 && type <= 0xd8) return this.#extension(width(0xd4));
    if (type >= 0xd9 && type <= 0xdb) return this.#text(this.#length(width(0xd9)));
    if (type === 0xdc || type === 0xdd) return this.#list(this.#length(2 * width(0xdc)), depth);
    if (type === 0xde || type === 0xdf) return this.#map(this.#length(2 * width(0xde)), depth);
    throw refuse(`byte ${type} begins no value`);
  }

  #list(count: number, depth: number): MetadataValue {
    const items: MetadataValue[] = [];
    while (items.length < count) items.push(this.value(depth + 1));
    return items;
  }

  #map(count: number, depth: number): MetadataValue {
    const members = new Map<string, MetadataValue>();
    for (let index = 0; index < count; index += 1) {
      const key = this.value(depth + 1);
      members.set(typeof key === "string" ? key : toJson(key), this.value(depth + 1));
    }
    return members;
  }

  #text(length: number): string {
    const bytes = this.#take(length);
    if (!isUtf8(bytes)) throw refuse("a text in it is not UTF-8");
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  #extension(length: number): string {
    const kind = Number(this.#unsigned(1));
    const data = this.#take(length);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (kind !== timestamp) return toBase64(data);
    if (length === 4) return formatDateTime({ seconds: BigInt(view.getUint32(0)), nanos: 0 });
    if (length === 8) {
      const both = view.getBigUint64(0);
      return formatDateTime({ seconds: both & (2n ** 34n - 1n), nanos: Number(both >> 34n) });
    }
    if (length === 12) return formatDateTime({ seconds: view.getBigInt64(4), nanos: view.getUint32(0) });
    return toBase64(data);
  }

  #length(size: number): number {
    return Number(this.#unsigned(size));
  }

  #unsigned(size: number): bigint {
    let value = 0n;
    for (const byte of this.#take(size)) value = value * 256n + BigInt(byte);
    return value;
  }

  #take(size: number): Uint8Array {
    const start = this.#skip(size);
    return this.#bytes.subarray(start, start + size);
  }

  /** Where what is passed over began. */
  #skip(size: number): number {
    const start = this.#position;
    if (size > this.#bytes.length - start) throw refuse("it ends too early");
    this.#position += size;
    return start;
  }
}

/** Extension -1, as a byte. */
const timestamp = 0xff;

function refuse(what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `the binary is no msgpack: ${what}`, { origin: "user" });
}
