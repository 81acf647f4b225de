import { expect, test } from "vitest";
import { isAlive, parseIdentity } from "./process-identity.ts";

const stat = `42 (a ) (b) S ${Array.from({ length: 18 }, (_, index) => index).join(" ")} 9876 1 2`;

test("the start time is found behind a program name with parentheses", () => {
  expect(parseIdentity(`${stat}\nboot\n`)).toEqual({ pid: 42, start: "9876@boot" });
});

test("what ps prints elsewhere is an identity too", () => {
  expect(parseIdentity("42\nSat Nov 21 14:00:00 2026\n")).toEqual({ pid: 42, start: "Sat Nov 21 14:00:00 2026" });
});

test.each([
  { name: "empty", text: "" },
  { name: "without its second line", text: `${stat}\n` },
  { name: "without its last line end", text: `${stat}\nbo` },
  { name: "naming process 1", text: "1\nnow\n" },
  { name: "naming no number", text: "x\nnow\n" },
])("an identity file $name is not an identity yet", ({ text }) => {
  expect(parseIdentity(text)).toBeUndefined();
});

test("a process with this one's number and another start is not this one", async () => {
  expect(await isAlive({ pid: process.pid, start: "1@another-boot" })).toBe(false);
});
