import { toBinary } from "@bufbuild/protobuf";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { Case, Dialect, Expected, FaultSpec, FileSpec, Plan, Signals, WebAnswer, World } from "../case.ts";
import { predictDownload } from "../model/predict-download.ts";
import { encodeInputs, encodeMap, type Locate, toLiteral } from "../to-literal.ts";
import type { Content, Value } from "../value.ts";
import { downloadWords, type StoreWords, storeWords } from "./words.ts";

export interface DownloadSpec {
  readonly inputs: Readonly<Record<string, Value>>;
  /** Objects by key, beside the inputs and what is offloaded. */
  readonly objects?: Readonly<Record<string, Content>>;
  readonly otherObjects?: Readonly<Record<string, Content>>;
  readonly layout?: "DIRECT" | "NAMED_DIR" | "";
  readonly format?: "JSON" | "YAML" | "PROTO";
  /** The inputs message, where it is not the one of `inputs`. */
  readonly message?: Content | ((world: World) => Content);
  /** Whether the message is the ordered list of Flyte 2's producers. */
  readonly asList?: boolean;
  readonly words?: StoreWords;
  /** Words before the sub-command in place of those that find the store. */
  readonly before?: (world: World) => readonly string[];
  /** Further words, after the others. */
  readonly flags?: readonly string[] | ((world: World) => readonly string[]);
  readonly env?: Plan["env"];
  readonly files?: Readonly<Record<string, FileSpec>> | ((world: World) => Readonly<Record<string, FileSpec>>);
  readonly web?: Readonly<Record<string, WebAnswer>>;
  readonly faults?: readonly FaultSpec[] | ((world: World) => readonly FaultSpec[]);
  readonly signals?: Signals;
  readonly documents?: Plan["documents"];
  readonly store?: "files";
  /** What is expected in place of what the model predicts, or made of it. */
  readonly expect?: (world: World, predicted: Expected) => Expected;
}

export const both: readonly Dialect[] = ["ours", "reference"];
export const ours: readonly Dialect[] = ["ours"];

/** A download, judged by the model unless the case says more. */
export function downloadCase(
  name: string,
  items: readonly string[],
  spec: DownloadSpec,
  dialects: readonly Dialect[] = both,
): Case {
  return {
    name,
    items,
    dialects,
    ...(spec.store !== undefined && { store: spec.store }),
    plan: (world) => planDownload(world, spec),
  };
}

function planDownload(world: World, spec: DownloadSpec): Plan {
  const { inputs, layout, format, flags = [], files = {}, faults, signals, web, documents } = spec;
  const locate: Locate = (place) => world.locate(place);
  const encode = spec.asList === true ? encodeInputs : encodeMap;
  const objects: Readonly<Record<string, Content>> = {
    ...spec.objects,
    ...offloadedObjects(Object.values(inputs), locate),
  };
  const predicted = predictDownload({
    inputs,
    dialect: world.dialect,
    folder: `${world.work}/in`,
    named: layout === "NAMED_DIR",
    format: format ?? "JSON",
    objects: new Map(Object.entries(objects)),
    other: new Map(Object.entries(spec.otherObjects ?? {})),
    web: webBodies(web ?? {}),
    remote: false,
    locate,
  });
  return {
    args: [
      ...(spec.before?.(world) ?? storeWords(world, spec.words)),
      ...downloadWords(world),
      ...(format === undefined ? [] : ["--format", format]),
      ...(layout === undefined ? [] : ["--file-input-layout", layout]),
      ...(typeof flags === "function" ? flags(world) : flags),
    ],
    objects: { ...objects, "in/inputs.pb": messageOf(world, spec) ?? encode(inputs, locate) },
    otherObjects: spec.otherObjects ?? {},
    files: typeof files === "function" ? files(world) : files,
    expect: spec.expect?.(world, predicted) ?? predicted,
    ...(spec.env !== undefined && { env: spec.env }),
    ...(faults !== undefined && { faults: typeof faults === "function" ? faults(world) : faults }),
    ...(signals !== undefined && { signals }),
    ...(web !== undefined && { web }),
    ...(documents !== undefined && { documents }),
  };
}

function messageOf(world: World, { message }: DownloadSpec): Content | undefined {
  return typeof message === "function" ? message(world) : message;
}

/** The stored literals that offloaded values refer to. */
function offloadedObjects(values: readonly Value[], locate: Locate): Record<string, Content> {
  const objects: Record<string, Content> = {};
  const visit = (value: Value): void => {
    if (value.is === "union") visit(value.value);
    else if (value.is === "list") value.items.forEach(visit);
    else if (value.is === "map") for (const [, entry] of value.entries) visit(entry);
    else if (value.is === "offloaded") {
      objects[value.key] = toBinary(LiteralSchema, toLiteral(value.value, locate));
      visit(value.value);
    }
  };
  values.forEach(visit);
  return objects;
}

/** What the web server gives in the end, by path: redirects followed, failures left out. */
function webBodies(web: Readonly<Record<string, WebAnswer>>): ReadonlyMap<string, Content> {
  const bodies = new Map<string, Content>();
  for (const path of Object.keys(web)) {
    let at: string | undefined = path;
    for (let hops = 0; at !== undefined && hops <= 10; hops += 1) {
      const answer: WebAnswer | undefined = web[at];
      if (answer !== undefined && answer.status < 300) bodies.set(path, answer.body ?? "");
      at =
        answer !== undefined && answer.status >= 300 && answer.status < 400 ? answer.headers?.["location"] : undefined;
    }
  }
  return bodies;
}
