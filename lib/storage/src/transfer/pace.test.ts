import { describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";

/** Runs rounds of pieces on a line whose throughput at a width is `rate`, in bytes per millisecond; gives the widths. */
function widths(
  rate: (width: number) => number,
  { rounds = 8, load = () => 0 }: { readonly rounds?: number; readonly load?: () => number } = {},
): readonly number[] {
  let now = 0;
  const pace = new Pace({ now: () => now, sleep: () => Promise.resolve() }, 4, 16, load);
  const seen = [pace.width];
  for (let round = 0; round < rounds; round++) {
    const { width } = pace;
    for (let piece = 0; piece < Math.max(4, 2 * width); piece++) {
      now += 1000 / rate(width);
      pace.done(1000);
    }
    seen.push(pace.width);
  }
  return seen;
}

describe("the number of pieces at once", () => {
  it("doubles up to the most where each piece brings its share", () => {
    expect(widths((width) => width, { rounds: 3 })).toEqual([4, 8, 16, 16]);
  });

  it("goes back to where it was when doubling brought nothing", () => {
    expect(widths(() => 10)).toEqual([4, 8, 4, 4, 4, 4, 4, 4, 4]);
  });

  it("settles in the middle where the line is full there", () => {
    expect(widths((width) => Math.min(width, 8)).at(-1)).toBe(8);
  });

  it("halves down to one where the process is at work all the time", () => {
    expect(widths(() => 10, { load: () => 0.9 }).slice(0, 5)).toEqual([4, 4, 2, 1, 1]);
  });

  it("goes back to where it was when halving cost throughput", () => {
    const line = { load: () => 0.9 };
    expect(widths((width) => width, line).slice(0, 5)).toEqual([4, 4, 2, 4, 4]);
    expect(widths((width) => (width === 1 ? 5 : 10), line).slice(0, 6)).toEqual([4, 4, 2, 1, 2, 2]);
  });

  it("is halved from what it was doubled to once the process is at work all the time", () => {
    let asked = 0;
    const load = (): number => {
      asked += 1;
      return asked > 1 ? 0.9 : 0.1;
    };
    expect(widths((width) => Math.min(width, 8), { load }).slice(0, 5)).toEqual([4, 8, 8, 4, 8]);
  });

  it("stays what it was found to be, however fast the rest is", () => {
    let calls = 0;
    const widening = widths(() => {
      calls += 1;
      return calls > 40 ? 1_000_000 : 10;
    });
    expect(widening.slice(2)).toEqual(Array.from({ length: 7 }, () => 4));
  });
});
