import { describe, expect, test } from "vitest";
import { toJson } from "./metadata-value.ts";
import { msgpackValue } from "./msgpack-value.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text === "" ? [] : text.split(" "), (byte) => Number.parseInt(byte, 16));

describe("msgpackValue", () => {
  test.each([
    ["00", "0"],
    ["7f", "127"],
    ["e0", "-32"],
    ["ff", "-1"],
    ["cc ff", "255"],
    ["cd 01 00", "256"],
    ["ce ff ff ff ff", "4294967295"],
    ["cf ff ff ff ff ff ff ff ff", "18446744073709551615"],
    ["d0 80", "-128"],
    ["d1 80 00", "-32768"],
    ["d2 80 00 00 00", "-2147483648"],
    ["d3 80 00 00 00 00 00 00 00", "-9223372036854775808"],
    ["ca 3f c0 00 00", "1.5"],
    ["cb 7f f8 00 00 00 00 00 00", '"NaN"'],
    ["cb 80 00 00 00 00 00 00 00", "-0"],
    ["c0", "null"],
    ["c2", "false"],
    ["c3", "true"],
    ["a2 c3 a9", '"é"'],
    ["d9 01 61", '"a"'],
    ["da 00 01 61", '"a"'],
    ["db 00 00 00 01 61", '"a"'],
    ["c4 03 01 02 03", '"AQID"'],
    ["c5 00 01 ff", '"/w=="'],
    ["c6 00 00 00 00", '""'],
    ["90", "[]"],
    ["dc 00 01 01", "[1]"],
    ["dd 00 00 00 01 01", "[1]"],
    ["82 a1 62 01 a1 61 90", '{"a":[],"b":1}'],
    ["de 00 01 01 02", '{"1":2}'],
    ["df 00 00 00 01 c0 02", '{"null":2}'],
    ["d6 ff 00 00 00 01", '"1970-01-01T00:00:01Z"'],
    ["d7 ff 00 00 00 04 00 00 00 02", '"1970-01-01T00:00:02.000000001Z"'],
    ["c7 0c ff 00 00 00 01 ff ff ff ff ff ff ff ff", '"1969-12-31T23:59:59.000000001Z"'],
    ["d4 05 ff", '"/w=="'],
    ["c8 00 01 05 ff", '"/w=="'],
  ])("%s is %s", (document, json) => {
    expect(toJson(msgpackValue(hex(document)))).toBe(json);
  });

  test.each([
    ["", "ends too early"],
    ["92 01", "ends too early"],
    ["a5 61", "ends too early"],
    ["dd ff ff ff ff", "ends too early"],
    ["c1", "begins no value"],
    ["01 02", "follows it"],
    ["a1 ff", "not UTF-8"],
    ["91 ".repeat(102).trim(), "nested deeper"],
  ])("%s is refused: it %s", (document, says) => {
    expect(() => msgpackValue(hex(document))).toThrow(says);
  });
});
