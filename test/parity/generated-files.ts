// Finds every generated file through the package's public entries, so that a new .proto cannot be forgotten here.
import { readdirSync } from "node:fs";
import type { DescFile } from "@bufbuild/protobuf";

const generated = new URL("../../proto/gen/", import.meta.url);

/** The descriptors of all generated files. Rejects when nothing has been generated yet. */
export async function generatedFiles(): Promise<DescFile[]> {
  const paths = readdirSync(generated, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("_pb.js"));
  if (paths.length === 0) throw new Error("proto/gen is empty; run npm run build -w proto");
  const modules = await Promise.all(paths.map((path) => load(path.slice(0, -"_pb.js".length))));
  return modules.flatMap((module) => Object.values(module).filter(isFile));
}

async function load(entry: string): Promise<object> {
  const module: unknown = await import(`@flyte-dataplane/proto/${entry}`);
  if (typeof module !== "object" || module === null) throw new Error(`${entry} is no module`);
  return module;
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}
