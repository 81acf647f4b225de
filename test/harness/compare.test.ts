import { describe, expect, it } from "vitest";
import { compareRecordings, type Declared } from "./compare.ts";
import type { Recording } from "./recording.ts";

const recording = (cases: Recording["cases"]): Recording => ({
  harness: 1,
  program: "p",
  dialect: "ours",
  cases,
  proves: { one: ["B1"] },
});

const ours = recording({
  one: { status: 0, remote: { "out/error.pb": { message: "m" }, list: [1, 2] } },
  two: { status: 1 },
});
const theirs = recording({ one: { status: 0, remote: { list: [1, 3] } }, two: { status: 0 } });

const compare = (...declared: readonly Declared[]): ReturnType<typeof compareRecordings> =>
  compareRecordings(ours, theirs, declared);
const places = (found: readonly { readonly name: string; readonly at: string }[]): readonly string[] =>
  found.map(({ name, at }) => `${name}: ${at}`);

describe("two recordings", () => {
  it("differ at every member that is not the same, each with its path", () => {
    expect(places(compare().undeclared)).toEqual(["one: remote/list/1", "one: remote/out/error.pb", "two: status"]);
  });

  it("of one program are the same", () => {
    expect(compareRecordings(ours, ours, [])).toMatchObject({ compared: 2, same: 2, declared: [], undeclared: [] });
  });

  it("may differ where an item declares it for the cases that prove it, and nowhere else", () => {
    const { declared, undeclared } = compare({ item: "B1", at: "^(remote|status)", why: "" });
    expect(places(declared)).toEqual(["one: remote/list/1", "one: remote/out/error.pb"]);
    expect(places(undeclared)).toEqual(["two: status"]);
  });

  it("may differ in the cases that a declaration names", () => {
    const declaration = { item: "B9", cases: "^two$", at: "^status$", why: "" };
    expect(places(compare(declaration).declared)).toEqual(["two: status"]);
  });

  it("tell which declarations were not needed and which cases stand in one alone", () => {
    const unused = { item: "B2", cases: "three", at: ".", why: "" };
    const { unused: found, lonely } = compareRecordings(ours, recording({ one: 1, three: 2 }), [unused]);
    expect(found).toEqual([unused]);
    expect(lonely).toEqual(["three", "two"]);
  });
});
