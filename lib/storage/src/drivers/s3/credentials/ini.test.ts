import { expect, it } from "vitest";
import { parseIni } from "./ini.ts";

function read(text: string): Record<string, Record<string, string>> {
  return Object.fromEntries([...parseIni(text)].map(([name, section]) => [name, Object.fromEntries(section)]));
}

it.each([
  { name: "settings of two sections", text: "[a]\nx = 1\n[b]\ny=2\n", sections: { a: { x: "1" }, b: { y: "2" } } },
  { name: "line ends of Windows and a byte order mark", text: "\uFEFF[a]\r\nx=1\r\n", sections: { a: { x: "1" } } },
  { name: "names in any letters", text: "[a]\nAWS_Key = Abc", sections: { a: { aws_key: "Abc" } } },
  { name: "values with equals signs", text: "[a]\nx = a=b==", sections: { a: { x: "a=b==" } } },
  { name: "comments", text: "# no\n; no\n[a] # no\nx = 1 # no\ny = a#b;c\n", sections: { a: { x: "1", y: "a#b;c" } } },
  {
    name: "indented lines as part of what is above",
    text: "[a]\ns3 =\n  x = 2\nx = 1",
    sections: { a: { s3: "", x: "1" } },
  },
  { name: "the last of a setting given twice", text: "[a]\nx=1\nx=2\n[a]\ny=3", sections: { a: { x: "2", y: "3" } } },
  { name: "sections with blanks", text: "[ profile   my name ]\nx=1", sections: { "profile my name": { x: "1" } } },
  { name: "nothing before the first section", text: "x=1\n[a]\njunk", sections: { a: {} } },
])("a shared file gives $name", ({ text, sections }) => {
  expect(read(text)).toEqual(sections);
});
