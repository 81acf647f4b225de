import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const drivers = readdirSync(path.join(root, "src", "drivers"));

describe.each(drivers)("driver %s", (driver) => {
  const folder = path.join(root, "src", "drivers", driver);

  it("runs the conformance suite under its name", () => {
    const test = readFileSync(path.join(root, "test", `${driver}.test.ts`), "utf8");
    expect(test).toContain(`describeDriver("${driver}",`);
  });

  it("says in its config what each setting means", () => {
    const config = readFileSync(path.join(folder, "config.ts"), "utf8");
    expect(config).toMatch(/\/\*\* [\s\S]*?export interface \w+Config/);
  });

  it("has a table of its errors", () => {
    expect(readFileSync(path.join(folder, "errors.ts"), "utf8")).toMatch(/export const \w+Error/);
  });

  it("is opened by the registry", () => {
    const registry = readFileSync(path.join(root, "src", "registry.ts"), "utf8");
    expect(registry).toMatch(new RegExp(`import\\("\\./drivers/${driver}/(?:driver|open)\\.ts"\\)`));
  });
});
