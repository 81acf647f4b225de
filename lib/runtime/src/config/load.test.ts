import { DataPlaneError } from "@flyte-dataplane/core";
import { describe, expect, test } from "vitest";
import { bytes, choice, decimal, duration, flag, integer, text, textMap, texts } from "./field.ts";
import { type ConfigSources, loadConfig } from "./load.ts";
import { configPage, configReference } from "./reference.ts";
import { defineSection, type Section } from "./section.ts";

interface Example {
  readonly name: string;
  readonly password: string;
  readonly retries: number;
  readonly share: number;
  readonly on: boolean;
  readonly mode: "fast" | "safe";
  readonly domains: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly upload: { readonly maxSize: number; readonly maxExpiresIn: number };
}

const example: Section<Example> = defineSection<Example>("example", "An example.", {
  name: text({ doc: "Its name.", default: "x" }),
  password: text({
    doc: "Its password.",
    default: "",
    secret: true,
    check: (value) => (value.length > 20 ? "is too long" : undefined),
  }),
  retries: integer({ doc: "How often.", default: 3, min: 0, max: 9 }),
  share: decimal({ doc: "How much.", default: 0.5, min: 0, max: 1 }),
  on: flag({ doc: "Whether.", default: false }),
  mode: choice(["fast", "safe"], { doc: "How.", default: "safe" }),
  domains: texts({ doc: "Which.", default: ["development"] }),
  labels: textMap({ doc: "More.", default: {} }),
  upload: {
    maxSize: bytes({ doc: "Largest upload.", default: 64 << 20 }),
    maxExpiresIn: duration({ doc: "Longest life of a link.", default: 3_600_000 }),
  },
});

function load(sources: Partial<ConfigSources>): Example {
  return loadConfig([example], { env: {}, ...sources }).get(example);
}

function faults(sources: Partial<ConfigSources>): readonly string[] {
  try {
    load(sources);
    return [];
  } catch (error) {
    if (!(error instanceof DataPlaneError) || error.code !== "invalid_argument") throw error;
    return error.message
      .replace(/^read configuration: (\d+ faults\n)?/, "")
      .split("\n")
      .map((line) => line.trim());
  }
}

const file = (content: string) => ({ file: { path: "c.yaml", text: content } });

describe("values", () => {
  test("without any source every field has its default", () => {
    expect(load({})).toEqual({
      name: "x",
      password: "",
      retries: 3,
      share: 0.5,
      on: false,
      mode: "safe",
      domains: ["development"],
      labels: {},
      upload: { maxSize: 67_108_864, maxExpiresIn: 3_600_000 },
    });
  });

  test("a flag beats the environment, the environment beats the file, the file beats the default", () => {
    const sources = {
      ...file("example: { name: file, retries: 1, mode: fast, upload: { maxSize: 1Ki } }"),
      env: {
        FLYTE_DATAPLANE_EXAMPLE_NAME: "environment",
        FLYTE_DATAPLANE_EXAMPLE_RETRIES: "2",
        FLYTE_DATAPLANE_EXAMPLE_UPLOAD_MAX_EXPIRES_IN: "90s",
      },
      flags: { "example.name": "flag" },
    };
    expect(load(sources)).toMatchObject({
      name: "flag",
      retries: 2,
      mode: "fast",
      upload: { maxSize: 1024, maxExpiresIn: 90_000 },
    });
    const origins = loadConfig([example], { ...sources }).origins.filter((origin) => origin.source !== "default");
    expect(origins.map(({ name, source }) => `${name} ${source}`)).toEqual([
      "example.name flag",
      "example.retries environment",
      "example.mode file",
      "example.upload.maxSize file",
      "example.upload.maxExpiresIn environment",
    ]);
  });

  test("lists and maps are read from YAML and from text", () => {
    const both = { domains: ["a", "b"], labels: { k: "v", l: "w=x" } };
    expect(load(file("example:\n  domains: [a, b]\n  labels: {k: v, l: w=x}"))).toMatchObject(both);
    expect(load({ flags: { "example.domains": "a, b", "example.labels": "k=v,l=w=x" } })).toMatchObject(both);
  });

  test("keys below another name are taken for the ones they stand for, and never beside them", () => {
    const aliases = { "other.example": "example" };
    const content = "other: { example: { retries: 4, upload: { maxSize: 1Ki } } }";
    // A section that knows nothing else of it must be there for its name to be known.
    const other = defineSection<{ readonly a: string }>("other", "Other.", { a: text({ doc: "A.", default: "" }) });
    const config = loadConfig([example, other], { env: {}, ...file(content), aliases });
    expect(config.get(example)).toMatchObject({ retries: 4, upload: { maxSize: 1024 } });
    const twice = { ...file(`${content}\nexample: { retries: 5 }`), aliases };
    expect(() => loadConfig([example, other], { env: {}, ...twice })).toThrow(
      "c.yaml: other.example.retries is another than example.retries, and both mean example.retries; leave one of them out",
    );
    const alike = { ...file(`${content}\nexample: { retries: 4 }`), aliases };
    expect(loadConfig([example, other], { env: {}, ...alike }).get(example).retries).toBe(4);
    const wrong = { ...file("other: { example: { retries: x, nmae: y } }"), aliases };
    expect(() => loadConfig([example, other], { env: {}, ...wrong })).toThrow(
      /unknown key other\.example\.nmae[^]*other\.example\.retries is "x"/,
    );
  });

  test("the result is frozen all the way down", () => {
    const value = load(file("example: { domains: [a] }"));
    for (const part of [value, value.upload, value.domains, value.labels]) expect(Object.isFrozen(part)).toBe(true);
  });

  test("an empty file and an empty section change nothing", () => {
    for (const content of ["", "# nothing\n", "example:\n", "example:\n  upload:\n"])
      expect(load(file(content))).toEqual(load({}));
  });
});

describe("references", () => {
  const files = new Map([
    ["/run/secrets/pw", "p@ss/${HOME}\n"],
    ["/run/secrets/lines", "a\nb\r\n"],
  ]);
  const readText = (path: string): string => {
    const text = files.get(path);
    if (text === undefined) throw new Error(`refers to ${path}, which cannot be read (ENOENT)`);
    return text;
  };

  test.each([
    { name: "a variable", content: "${WHO}", value: "me" },
    { name: "a variable within a text", content: "a-${WHO}-${WHO}", value: "a-me-me" },
    { name: "something in place of a variable that is not set", content: "${NOBODY:-you}", value: "you" },
    { name: "something in place of an empty variable", content: "${EMPTY:-you}", value: "you" },
    { name: "an empty variable", content: "x${EMPTY}y", value: "xy" },
    { name: "nothing in place of one", content: "x${NOBODY:-}y", value: "xy" },
    {
      name: "a file without its last line break, and what stands in it as it is",
      content: "${file:/run/secrets/pw}",
      value: "p@ss/${HOME}",
    },
    { name: "a file of two lines", content: "${file:/run/secrets/lines}", value: "a\nb" },
    { name: "two dollars for one", content: "$${WHO} $$ $", value: "${WHO} $$ $" },
  ])("a text of the file may hold $name", ({ content, value }) => {
    const sources = { ...file(`example: { name: '${content}' }`), env: { WHO: "me", EMPTY: "" }, readText };
    expect(load(sources).name).toBe(value);
  });

  test("numbers, lists and maps may be made of references", () => {
    const content = "example: { retries: '${N}', domains: ['${WHO}', b], labels: { k: '${WHO}' } }";
    expect(load({ ...file(content), env: { N: "7", WHO: "me" } })).toMatchObject({
      retries: 7,
      domains: ["me", "b"],
      labels: { k: "me" },
    });
  });

  test("a variable with _FILE behind its name reads the value from a file", () => {
    const env = { FLYTE_DATAPLANE_EXAMPLE_PASSWORD_FILE: "/run/secrets/pw" };
    expect(load({ env, readText }).password).toBe("p@ss/${HOME}");
    const both = { ...env, FLYTE_DATAPLANE_EXAMPLE_PASSWORD: "x" };
    expect(faults({ env: both, readText })).toEqual([
      "FLYTE_DATAPLANE_EXAMPLE_PASSWORD_FILE is set beside the variable without _FILE; leave one of them out",
    ]);
  });

  test("what the environment and flags hold is taken as it is", () => {
    expect(load({ env: { FLYTE_DATAPLANE_EXAMPLE_NAME: "${WHO}" } }).name).toBe("${WHO}");
    expect(load({ env: {}, flags: { "example.name": "${WHO}" } }).name).toBe("${WHO}");
  });

  test("what is missing is named, and nothing of a secret that was found", () => {
    const content = "example: { name: '${NOBODY}', mode: '${no name}', password: '${file:/nowhere}' }";
    expect(faults({ ...file(content), readText })).toEqual([
      "c.yaml: example.name refers to ${NOBODY}, which is not set; set it, or write ${NOBODY:-}",
      "c.yaml: example.password refers to /nowhere, which cannot be read (ENOENT)",
      "c.yaml: example.mode holds ${ before what is no reference; write ${NAME}, ${NAME:-otherwise} or ${file:/path}, and $${ for ${",
    ]);
    const long = { ...file("example: { password: '${LONG}' }"), env: { LONG: "hunter2".repeat(5) } };
    expect(faults(long)).toEqual(["c.yaml: example.password is not what is expected"]);
  });
});

describe("faults", () => {
  test("those of every source are reported at once, each with where it stands and what is expected", () => {
    expect(
      faults({
        ...file("example: { retries: 12, share: x, on: maybe, upload: { maxSize: lots }, nmae: y }\nother: 1"),
        env: { FLYTE_DATAPLANE_EXAMPLE_MODE: "slow", FLYTE_DATAPLANE_EXAMPEL_NAME: "x", HOME: "/" },
        flags: { "example.upload.maxExpiresIn": "1 fortnight", "example.labls": "x" },
      }),
    ).toEqual([
      "c.yaml: unknown key example.nmae; did you mean example.name?",
      "c.yaml: unknown key other",
      "unknown environment variable FLYTE_DATAPLANE_EXAMPEL_NAME; did you mean FLYTE_DATAPLANE_EXAMPLE_NAME?",
      "unknown flag --example.labls; did you mean example.labels?",
      "c.yaml: example.retries is 12; expected 0 to 9",
      'c.yaml: example.share is "x"; expected a number',
      'c.yaml: example.on is "maybe"; expected true or false',
      'FLYTE_DATAPLANE_EXAMPLE_MODE is "slow"; expected one of fast, safe',
      'c.yaml: example.upload.maxSize is "lots"; expected a size such as "64Mi", "10MB" or 1048576',
      '--max-expires-in is "1 fortnight"; expected a duration such as "90s", "1h30m" or "250ms"',
    ]);
  });

  test("a secret is never shown, in faults or origins", () => {
    const long = "hunter2".repeat(5);
    const told = faults({ env: { FLYTE_DATAPLANE_EXAMPLE_PASSWORD: long } });
    expect(told).toEqual(["FLYTE_DATAPLANE_EXAMPLE_PASSWORD is not what is expected"]);
    const config = loadConfig([example], { env: { FLYTE_DATAPLANE_EXAMPLE_PASSWORD: "hunter2" } });
    expect(config.get(example).password).toBe("hunter2");
    expect(JSON.stringify(config.origins)).not.toContain("hunter2");
  });

  test.each([
    {
      name: "a key twice",
      content: "example: { name: a }\nexample: { name: b }",
      fault: "c.yaml: Map keys must be unique",
    },
    { name: "no map at the top", content: "- a", fault: "c.yaml: the file is a list; expected keys below it" },
    {
      name: "a scalar for a section",
      content: "example: 3",
      fault: "c.yaml: example is a number; expected keys below it",
    },
    {
      name: "a URL for a section, which may hold a password",
      content: "example: postgresql://me:hidden@host/db",
      fault: "c.yaml: example is a text; expected keys below it",
    },
    {
      name: "a list for a text",
      content: "example: { name: [a] }",
      fault: 'c.yaml: example.name is ["a"]; expected text',
    },
    {
      name: "a number past what is exact",
      content: "example: { retries: 1e300 }",
      fault: "c.yaml: example.retries is 1e+300; expected a whole number",
    },
    {
      name: "a duration without unit",
      content: "example: { upload: { maxExpiresIn: 90 } }",
      fault: 'c.yaml: example.upload.maxExpiresIn is 90; expected a duration such as "90s" or "1h30m"',
    },
  ])("$name is refused", ({ content, fault }) => {
    expect(faults(file(content)).join("\n")).toContain(fault);
  });

  test("a file that is not YAML is refused with the place, in one line that ends there", () => {
    expect(faults(file("example:\n  domains: [\n"))).toEqual([
      expect.stringMatching(/^c\.yaml: .* at line \d+, column \d+$/),
    ]);
  });

  test("a choice that may be empty says so by name", () => {
    const field = choice(["", "keys"], { doc: "How.", default: "" });
    expect(field.type).toBe("empty | keys");
    expect(() => field.parse("kyes")).toThrow("one of empty, keys");
  });

  test("variables named as not ours to read are left alone", () => {
    expect(load({ env: { FLYTE_DATAPLANE_CONFIG: "/c.yaml" }, otherVariables: ["FLYTE_DATAPLANE_CONFIG"] }).name).toBe(
      "x",
    );
  });
});

test("the reference text has the doc, type, default and variable of every field", () => {
  expect(configReference([example])).toBe(`example: An example.
  example.name  <text>  default x
      Its name.  [FLYTE_DATAPLANE_EXAMPLE_NAME]
  example.password  <text>  default none
      Its password.  [FLYTE_DATAPLANE_EXAMPLE_PASSWORD]
  example.retries  <integer>  default 3
      How often.  [FLYTE_DATAPLANE_EXAMPLE_RETRIES]
  example.share  <number>  default 0.5
      How much.  [FLYTE_DATAPLANE_EXAMPLE_SHARE]
  example.on  <true or false>  default false
      Whether.  [FLYTE_DATAPLANE_EXAMPLE_ON]
  example.mode  <fast | safe>  default safe
      How.  [FLYTE_DATAPLANE_EXAMPLE_MODE]
  example.domains  <list of texts>  default development
      Which.  [FLYTE_DATAPLANE_EXAMPLE_DOMAINS]
  example.labels  <map of texts>  default none
      More.  [FLYTE_DATAPLANE_EXAMPLE_LABELS]
  example.upload.maxSize  <bytes>  default 64Mi
      Largest upload.  [FLYTE_DATAPLANE_EXAMPLE_UPLOAD_MAX_SIZE]
  example.upload.maxExpiresIn  <duration>  default 1h
      Longest life of a link.  [FLYTE_DATAPLANE_EXAMPLE_UPLOAD_MAX_EXPIRES_IN]
`);
});

test("the reference page has a row per setting, and nothing of a text can end its cell", () => {
  const odd: Section<{ readonly name: string }> = defineSection<{ readonly name: string }>("odd", "Odd.", {
    name: text({ doc: "One | two.", default: "a|b" }),
  });
  expect(configPage([odd])).toBe(`## \`odd\`

Odd.

| Key and variable | Value | Default | What it decides |
|---|---|---|---|
| \`odd.name\`<br>\`FLYTE_DATAPLANE_ODD_NAME\` | text | \`a\\|b\` | One \\| two. |
`);
});
