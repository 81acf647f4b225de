// Lists the messages that the sources declare, through the package's public entries, so that none can be forgotten.
import { readdirSync } from "node:fs";
import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";

const generated = new URL("../gen/", import.meta.url);

/** Package name → its messages, nested ones included, without map entries; sorted by package. */
export async function everyMessage(): Promise<ReadonlyMap<string, readonly DescMessage[]>> {
  const messages = new Map<string, DescMessage[]>();
  for (const file of await generatedFiles()) {
    for (const type of nestedTypes(file)) {
      if (type.kind !== "message") continue;
      const owner = file.proto.package;
      messages.set(owner, [...(messages.get(owner) ?? []), type]);
    }
  }
  return new Map([...messages].sort(([a], [b]) => (a < b ? -1 : 1)));
}

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
