import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { safeLine } from "./safe-line.ts";

describe("a line of a log", () => {
  test.each([
    { name: "colours", raw: "\u001b[1;32mok\u001b[0m done\n", text: "ok done" },
    { name: "the eight-bit form of a colour", raw: "\u009b31mred", text: "red" },
    { name: "a window's title", raw: "\u001b]0;my title\u0007text", text: "text" },
    { name: "a link", raw: "\u001b]8;;http://x/\u001b\\name\u001b]8;;\u001b\\", text: "name" },
    { name: "a title that never ends", raw: "a\u001b]0;rest of the line", text: "a" },
    { name: "a sequence that is cut off", raw: "a\u001b[12", text: "a" },
    { name: "a character set", raw: "\u001b(Bplain", text: "plain" },
  ])("loses $name", ({ raw, text }) => {
    expect(safeLine(raw)).toBe(text);
  });

  test("that was written over shows what was written last", () => {
    expect(safeLine("10%\r50%\r100%\n")).toBe("100%");
    expect(safeLine("10%\r100%\r\n")).toBe("100%");
  });

  test("of a megabyte is cut, says by how much, and whole without its sequences", () => {
    expect(safeLine("x".repeat(1_000_000))).toBe(`${"x".repeat(2_000)} … and 998000 more characters`);
    expect(safeLine(`${"\u001b[0m".repeat(100)}short`)).toBe("short");
  });

  test("has no escape character left, whatever was printed", () => {
    const piece = fc.constantFrom(
      "\u001b",
      "[",
      "]",
      "P",
      "\u0007",
      "\\",
      "m",
      "1;2",
      "\r",
      "\n",
      "\u009b",
      "text",
      "(",
      "é",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const shown = safeLine(pieces.join(""));
        for (const steering of ["\u001b", "\u009b"]) expect(shown).not.toContain(steering);
      }),
    );
  });
});
