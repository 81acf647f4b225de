import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const metafile = fileURLToPath(new URL("../dist/flyte-copilot.meta.json", import.meta.url));

interface Import {
  readonly path: string;
  /** `import-statement`, `dynamic-import`, … */
  readonly kind: string;
}

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly bytes: number; readonly imports: readonly Import[]; readonly inputs: object }>
  >;
}

/** What the bundler put into the program; the build comes before the tests. */
function bundled(): {
  readonly packages: readonly string[];
  readonly imports: readonly Import[];
  readonly bytes: number;
} {
  expect(existsSync(metafile), "the bundle is not built").toBe(true);
  const { outputs } = JSON.parse(readFileSync(metafile, "utf8")) as Metafile;
  const [output] = Object.values(outputs);
  // What Node has and is asked for late is no import, and no package either.
  const inputs = Object.keys(output?.inputs ?? {}).filter((input) => !input.startsWith("late:node:"));
  const packages = inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? ownPackage(input));
  return {
    packages: [...new Set(packages)].sort(),
    imports: output?.imports ?? [],
    bytes: output?.bytes ?? 0,
  };
}

/** `lib/storage/dist/…` → `lib/storage`, `proto/text-encoding.js` → `proto`. */
function ownPackage(input: string): string {
  return input.replace(/\/(?:(?:dist|gen|src)\/.*|[^/]+\.js)$/, "");
}

describe("the bundle", () => {
  it("holds protobuf, YAML and our own libraries, and nothing else", () => {
    expect(bundled().packages).toEqual([
      "@bufbuild/protobuf",
      "copilot",
      "lib/core",
      "lib/runtime",
      "lib/storage",
      "proto",
      "yaml",
    ]);
  });

  it("imports nothing but what Node has built in, save what it asks for late and can do without", () => {
    const late = ["@aws-sdk/credential-provider-ini", "@node-rs/crc32"];
    const others = bundled().imports.filter(({ path: name }) => !name.startsWith("node:"));
    expect(others.filter(({ path: name, kind }) => kind !== "dynamic-import" || !late.includes(name))).toEqual([]);
  });

  it("is the package's program, and runs by itself", () => {
    const { bin } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      readonly bin: Readonly<Record<string, string>>;
    };
    expect(Object.keys(bin)).toEqual(["flyte-copilot"]);
    const program = fileURLToPath(new URL(`../${bin["flyte-copilot"] ?? ""}`, import.meta.url));
    const env = { PATH: path.dirname(process.execPath) };
    expect(execFileSync(program, ["--version"], { encoding: "utf8", env })).toMatch(/^flyte-copilot /);
  });

  it("stays small enough to start in tenths of a second on half a core", () => {
    expect(bundled().bytes).toBeLessThan(620_000);
  });
});
