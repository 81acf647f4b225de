/**
 * The demo's task: a raw container task whose shell command sorts a file of words, counts its lines and describes what it saw. The same
 * results are computed here beforehand, without the shell, so that the demo compares two independent answers.
 */
import { createHash, randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { TypedInterface } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { TypedInterfaceSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import {
  ContainerSchema,
  DataLoadingConfig_FileInputLayout,
  DataLoadingConfig_LiteralMapFormat,
  DataLoadingConfigSchema,
  TaskMetadataSchema,
  TaskTemplateSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import {
  BlobType_BlobDimensionality,
  type LiteralType,
  LiteralTypeSchema,
  SimpleType,
} from "@flyte-dataplane/proto/flyteidl2/core/types";
import { type TaskSpec, TaskSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";

export const demoProject = "flytesnacks";
export const demoDomain = "development";

const inputFolder = "/var/inputs";
const outputFolder = "/var/outputs";

/** Lines in the demo's file; 64 bytes each make 4 MiB. */
const lineCount = 65_536;
const lineBytes = 64;

const command = `set -eu
LC_ALL=C; export LC_ALL
echo "reading $(wc -c < ${inputFolder}/words | tr -d ' ') bytes for $(cat ${inputFolder}/greeting)"
for part in 1 2 3 4 5; do echo "part $part of 5 checked"; sleep 0.1; done
sort ${inputFolder}/words > ${outputFolder}/sorted
wc -l < ${inputFolder}/words | tr -d ' \\n' > ${outputFolder}/lines
printf '%s: %s lines, first %s' "$(cat ${inputFolder}/greeting)" "$(cat ${outputFolder}/lines)" "$(head -n 1 ${outputFolder}/sorted | cut -c 1-16)" > ${outputFolder}/summary
echo "sorted $(cat ${outputFolder}/lines) lines"`;

/** What the run is given and what it must answer. */
export interface DemoCase {
  readonly file: Uint8Array;
  readonly greeting: string;
  readonly expected: { readonly sortedSha256: string; readonly lines: bigint; readonly summary: string };
}

/** A fresh file of random words. `salt` ends up in the greeting, so that two demos on one data directory do not share a cache entry. */
export function makeCase(salt: string): DemoCase {
  const letters = randomBytes((lineCount * (lineBytes - 1)) / 2).toString("hex");
  const lines: string[] = [];
  for (let start = 0; start < letters.length; start += lineBytes - 1)
    lines.push(letters.slice(start, start + lineBytes - 1));
  const greeting = salt === "" ? "hello" : `hello ${salt}`;
  const file = Buffer.from(`${lines.join("\n")}\n`);
  const sorted = lines.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    file,
    greeting,
    expected: {
      sortedSha256: createHash("sha256")
        .update(`${sorted.join("\n")}\n`)
        .digest("hex"),
      lines: BigInt(lines.length),
      summary: `${greeting}: ${lines.length} lines, first ${(sorted[0] ?? "").slice(0, 16)}`,
    },
  };
}

/** The task as an SDK would register it: cached, with declared inputs and outputs, run by copilot's files. */
export function demoTask(): TaskSpec {
  return create(TaskSpecSchema, {
    shortName: "sort-words",
    taskTemplate: create(TaskTemplateSchema, {
      id: { project: demoProject, domain: demoDomain, name: "demo.sort_words", version: "1" },
      type: "raw-container",
      metadata: create(TaskMetadataSchema, { discoverable: true, discoveryVersion: "1" }),
      interface: demoInterface(),
      target: {
        case: "container",
        value: create(ContainerSchema, {
          image: "busybox:1.37",
          command: ["sh", "-c", command],
          dataConfig: create(DataLoadingConfigSchema, {
            enabled: true,
            inputPath: inputFolder,
            outputPath: outputFolder,
            format: DataLoadingConfig_LiteralMapFormat.JSON,
            fileInputLayout: DataLoadingConfig_FileInputLayout.DIRECT,
          }),
        }),
      },
    }),
  });
}

function demoInterface(): TypedInterface {
  return create(TypedInterfaceSchema, {
    inputs: { variables: [variable("greeting", simple(SimpleType.STRING)), variable("words", file())] },
    outputs: {
      variables: [
        variable("lines", simple(SimpleType.INTEGER)),
        variable("sorted", file()),
        variable("summary", simple(SimpleType.STRING)),
      ],
    },
  });
}

function variable(key: string, type: LiteralType): { key: string; value: { type: LiteralType } } {
  return { key, value: { type } };
}

function simple(value: SimpleType): LiteralType {
  return create(LiteralTypeSchema, { type: { case: "simple", value } });
}

function file(): LiteralType {
  return create(LiteralTypeSchema, {
    type: { case: "blob", value: { format: "", dimensionality: BlobType_BlobDimensionality.SINGLE } },
  });
}
