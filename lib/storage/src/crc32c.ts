/**
 * Castagnoli's checksum in plain JavaScript, for where the addon that crc.ts prefers cannot be loaded, such as a program
 * of one file. Eight bytes a step, by a table for each: 1.5 CPU-s per GiB, the addon 0.2.
 */
export function crc32c(chunk: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  const { byteLength } = chunk;
  let crc = ~before;
  let at = 0;
  for (; at + 8 <= byteLength; at += 8) {
    const low = crc ^ word(chunk, at);
    const high = word(chunk, at + 4);
    crc =
      look(t7, low) ^
      look(t6, low >>> 8) ^
      look(t5, low >>> 16) ^
      look(t4, low >>> 24) ^
      look(t3, high) ^
      look(t2, high >>> 8) ^
      look(t1, high >>> 16) ^
      look(t0, high >>> 24);
  }
  for (; at < byteLength; at += 1) crc = look(t0, crc ^ (chunk[at] ?? 0)) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function word(chunk: Uint8Array, at: number): number {
  return (chunk[at] ?? 0) | ((chunk[at + 1] ?? 0) << 8) | ((chunk[at + 2] ?? 0) << 16) | ((chunk[at + 3] ?? 0) << 24);
}

function look(table: Int32Array, byte: number): number {
  return table[byte & 0xff] ?? 0;
}

type Tables = readonly [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

const tables = makeTables();

/** The first by the polynomial, bits reversed; each of the others is the one before it, moved on by a byte of zeros. */
function makeTables(): Tables {
  const first = Int32Array.from({ length: 256 }, (_all, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0x82f63b78;
    return value;
  });
  const next = (table: Int32Array): Int32Array => table.map((value) => (value >>> 8) ^ look(first, value));
  const second = next(first);
  const third = next(second);
  const fourth = next(third);
  const fifth = next(fourth);
  const sixth = next(fifth);
  const seventh = next(sixth);
  return [first, second, third, fourth, fifth, sixth, seventh, next(seventh)];
}
