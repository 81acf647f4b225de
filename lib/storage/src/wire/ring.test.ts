import { describe, expect, it } from "vitest";
import { lowRoomBytes, Ring } from "./ring.ts";

const size = 4 * lowRoomBytes;

/** Fills as much of `count` bytes as there is room for in one piece, counting on from `from`. */
function fill(ring: Ring, from: number, count: number): number {
  const room = ring.room();
  const taken = Math.min(count, room.byteLength);
  for (let index = 0; index < taken; index += 1) room[index] = (from + index) % 251;
  ring.filled(room, taken);
  return taken;
}

describe("a ring", () => {
  it("hands its bytes out in the order they came, however much each side moves at a time", () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    const ring = new Ring(new Uint8Array(size));
    let filled = 0;
    let emptied = 0;
    for (let round = 0; round < 300; round += 1) {
      filled += fill(ring, filled, random(size));
      const chunk = ring.readable();
      const taken = Math.min(chunk.byteLength, random(size));
      for (let index = 0; index < taken; index += 97) {
        if (chunk[index] !== (emptied + index) % 251) throw new Error(`byte ${emptied + index} came out of order`);
      }
      ring.emptied(taken);
      emptied += taken;
      expect(filled - emptied).toBeLessThanOrEqual(size);
    }
    expect(emptied).toBeGreaterThan(10 * size);
  });

  it("says how much room there is without giving the place away that was handed out", () => {
    const ring = new Ring(new Uint8Array(size));
    fill(ring, 0, size - 10);
    const lent = ring.room();
    ring.emptied(size - 10);
    expect(ring.free).toBe(size);
    lent[0] = 42;
    ring.filled(lent, 1);
    expect([...ring.readable()]).toEqual([42]);
  });

  it("leaves what was handed out as filled untouched until it is given back", () => {
    const ring = new Ring(new Uint8Array(size));
    fill(ring, 0, size - 10);
    ring.emptied(lowRoomBytes);
    const lent = ring.readable();
    const before = Uint8Array.from(lent);
    while (ring.room().byteLength > 0) fill(ring, 99, size);
    expect(lent).toEqual(before);
  });

  it("refuses bytes that were read to a place it has taken back", () => {
    const ring = new Ring(new Uint8Array(size));
    fill(ring, 0, 100);
    const old = ring.room();
    ring.emptied(100);
    ring.room();
    expect(() => ring.filled(old, 1)).toThrow("taken back");
  });
});
