import type { JsonValue } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { compareEntries } from "./compare-entries.ts";
import type { Facts } from "./descriptor-facts.ts";

const field: Facts = {
  kind: "field",
  package: "p",
  number: 4,
  type: "string",
  cardinality: "singular",
  presence: false,
  oneof: null,
  rules: { string: { min_len: "1", max_len: "63" } },
};

const method: Facts = { kind: "method", package: "p", streaming: "unary", idempotency: "NO_SIDE_EFFECTS" };

describe("compareEntries", () => {
  it("finds nothing where only the order of rules differs", () => {
    const reordered = { ...field, rules: { string: { max_len: "63", min_len: "1" } } };
    expect(compareEntries({ "p.M.f": reordered }, { "p.M.f": field })).toEqual([
      { package: "p", counts: { field: 1 }, lacking: [], extra: [], different: [] },
    ]);
  });

  it.each<{ name: string; theirs: Facts; change: Readonly<Record<string, JsonValue>>; line: string }>([
    { name: "number", theirs: field, change: { number: 5 }, line: "p.x: number is 5, theirs is 4" },
    { name: "type", theirs: field, change: { type: "bytes" }, line: 'p.x: type is "bytes", theirs is "string"' },
    {
      name: "cardinality",
      theirs: field,
      change: { cardinality: "repeated" },
      line: 'p.x: cardinality is "repeated", theirs is "singular"',
    },
    { name: "presence", theirs: field, change: { presence: true }, line: "p.x: presence is true, theirs is false" },
    { name: "oneof", theirs: field, change: { oneof: "value" }, line: 'p.x: oneof is "value", theirs is null' },
    {
      name: "rules",
      theirs: field,
      change: { rules: { string: { min_len: "1" } } },
      line: 'p.x: rules is {"string":{"min_len":"1"}}, theirs is {"string":{"max_len":"63","min_len":"1"}}',
    },
    {
      name: "method kind",
      theirs: method,
      change: { streaming: "server_streaming" },
      line: 'p.x: streaming is "server_streaming", theirs is "unary"',
    },
    {
      name: "idempotency level",
      theirs: method,
      change: { idempotency: "IDEMPOTENT" },
      line: 'p.x: idempotency is "IDEMPOTENT", theirs is "NO_SIDE_EFFECTS"',
    },
  ])("names both sides when the $name differs", ({ theirs, change, line }) => {
    const [comparison] = compareEntries({ "p.x": { ...theirs, ...change } }, { "p.x": theirs });
    expect(comparison?.different).toEqual([line]);
  });

  it("lists what only they have as lacking and what only we have as extra", () => {
    const [comparison] = compareEntries({ "p.S.New": method }, { "p.M.f": field });
    expect(comparison).toMatchObject({ lacking: ["field p.M.f"], extra: ["method p.S.New"], different: [] });
  });
});
