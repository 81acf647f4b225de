// @ts-check
// The chance of a fuzz run: every case has its own stream, so that one case replays without those before it.

/**
 * A stream of numbers in [0, 1) that seed and case number determine (splitmix32).
 * @param {number} seed 32 bits
 * @param {number} index number of the case, from 0
 * @returns {() => number}
 */
export function randomFor(seed, index) {
  // Odd multiplier: neighbouring cases begin far apart.
  let state = (seed + Math.imul(index + 1, 0x9e3779b1)) | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}
