import { expect, test } from "vitest";
import { normalizeMountPath, replaceMountPaths } from "./mount-paths.ts";

const mounts = new Map([
  ["/in", "/data/a"],
  ["/in/deep", "/data/b"],
  ["/dev/termination-log", "/data/message"],
]);

test.each([
  { text: "/in", result: "/data/a" },
  { text: "/in/x", result: "/data/a/x" },
  { text: "cat /in/x>/in/y", result: "cat /data/a/x>/data/a/y" },
  { text: "--from=/in", result: "--from=/data/a" },
  { text: "-o/in/x", result: "-o/data/a/x" },
  { text: "file:///in/x", result: "file:///data/a/x" },
  { text: '"/in"', result: '"/data/a"' },
  { text: "/in:/in/deep", result: "/data/a:/data/b" },
  { text: "/in/deeper", result: "/data/a/deeper" },
  { text: "echo no > /dev/termination-log", result: "echo no > /data/message" },
  { text: "/input", result: "/input" },
  { text: "/in.txt", result: "/in.txt" },
  { text: "/in-2", result: "/in-2" },
  { text: "/my/in", result: "/my/in" },
  { text: "s3://bucket/in", result: "s3://bucket/in" },
  { text: "${ROOT}/in $(pwd)/in", result: "${ROOT}/in $(pwd)/in" },
  { text: "plugin/in", result: "plugin/in" },
])("the text $text becomes $result", ({ text, result }) => {
  expect(replaceMountPaths(text, mounts)).toBe(result);
});

test("what was put in is not replaced again", () => {
  const chained = new Map([
    ["/a", "/b/x"],
    ["/b", "/c"],
  ]);
  expect(replaceMountPaths("/a /b", chained)).toBe("/b/x /c");
});

test("a path with characters of patterns is taken literally", () => {
  expect(replaceMountPaths("/a+b(c)/x", new Map([["/a+b(c)", "/real"]]))).toBe("/real/x");
});

test("slashes at the end of a mount path do not count", () => {
  expect(["/in//", "/in", "/"].map(normalizeMountPath)).toEqual(["/in", "/in", "/"]);
});
