import { Buffer } from "node:buffer";
import { create, toBinary } from "@bufbuild/protobuf";
import { TypedInterfaceSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import type { Case, Dialect, Expected, FaultSpec, FileSpec, Plan, Signals, World } from "../case.ts";
import { predictUpload } from "../model/predict-upload.ts";
import { literalType, type OutputType, type SimpleName } from "../output-type.ts";
import type { Content } from "../value.ts";
import { both } from "./download-case.ts";
import { type StoreWords, sidecarWords, storeWords } from "./words.ts";

export interface SidecarSpec {
  readonly types: Readonly<Record<string, OutputType>>;
  /** What the task left, by path in its folder. */
  readonly left?: Readonly<Record<string, FileSpec>>;
  /** Objects before the run. */
  readonly objects?: Readonly<Record<string, Content>>;
  /** Text in place of the declared types' base64. */
  readonly declared?: string;
  readonly metaName?: string;
  /** Most bytes of a simple value that the flags allow; 1024 by default. */
  readonly mostSimpleBytes?: number;
  readonly words?: StoreWords;
  readonly before?: (world: World) => readonly string[];
  readonly flags?: readonly string[] | ((world: World) => readonly string[]);
  readonly files?: (world: World) => Readonly<Record<string, FileSpec>>;
  readonly env?: (world: World) => Readonly<Record<string, string>>;
  readonly faults?: readonly FaultSpec[];
  /** Whether the upload is given a time limit, as it is by default. */
  readonly timeLimit?: boolean;
  /** Without signals the program is told to begin at once. */
  readonly signals?: Signals;
  readonly documents?: Plan["documents"];
  readonly store?: "files";
  readonly expect?: (world: World, predicted: Expected) => Expected;
}

export const simple = (type: SimpleName): OutputType => ({ is: "simple", type });
export const fileOutput: OutputType = { is: "file", format: "" };
export const folderOutput: OutputType = { is: "folder", format: "" };

/** A sidecar, judged by the model unless the case says more. */
export function sidecarCase(
  name: string,
  items: readonly string[],
  spec: SidecarSpec,
  dialects: readonly Dialect[] = both,
): Case {
  return {
    name,
    items,
    dialects,
    ...(spec.store !== undefined && { store: spec.store }),
    plan: (world) => planSidecar(world, spec),
  };
}

function planSidecar(world: World, spec: SidecarSpec): Plan {
  const { types, left = {}, metaName, objects, faults, signals, documents, flags = [] } = spec;
  const late = signals?.at === "waiting" ? signals.leaves : undefined;
  const inLeft = Object.entries(late ?? {}).map(([path, file]) => [path.replace(/^left\//, ""), file] as const);
  const predicted = predictUpload({
    dialect: world.dialect,
    types,
    files: { ...left, ...Object.fromEntries(inLeft) },
    locate: (place) => world.locate(place),
    ...(metaName !== undefined && { metaName }),
    ...(spec.mostSimpleBytes !== undefined && { mostSimpleBytes: spec.mostSimpleBytes }),
  });
  const files = Object.entries(left).map(([path, file]) => [`left/${path}`, file] as const);
  const env = spec.env?.(world);
  return {
    args: [
      ...(spec.before?.(world) ?? storeWords(world, spec.words)),
      ...sidecarWords(world, spec.declared ?? declare(types), spec.timeLimit),
      ...(metaName === undefined ? [] : ["--meta-output-name", metaName]),
      ...(signals === undefined ? ["--start-watcher-type", "noop"] : []),
      ...(typeof flags === "function" ? flags(world) : flags),
    ],
    files: { ...Object.fromEntries(files), left: { folder: true }, ...spec.files?.(world) },
    expect: {
      ...(spec.expect?.(world, predicted) ?? predicted),
      ...(signals !== undefined && { waits: signals.at !== "request" }),
    },
    ...(env !== undefined && { env }),
    ...(objects !== undefined && { objects }),
    ...(faults !== undefined && { faults }),
    ...(signals !== undefined && { signals }),
    ...(documents !== undefined && { documents }),
  };
}

/** base64 of a TypedInterface with these outputs. */
export function declare(types: Readonly<Record<string, OutputType>>): string {
  const variables = Object.entries(types).map(([key, type]) => ({ key, value: { type: literalType(type) } }));
  const message = create(TypedInterfaceSchema, { outputs: { variables } });
  return Buffer.from(toBinary(TypedInterfaceSchema, message)).toString("base64");
}
