import type { Clock } from "@flyte-dataplane/core";
import type { Variable } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { Stores } from "@flyte-dataplane/storage";
import { joinLocation, type Locate } from "../store/locations.ts";
import type { Tally } from "../tally.ts";
import { VariableFaults } from "../variable-faults.ts";
import { checkVariableName } from "../variable-names.ts";
import { checkDepth } from "./check-depth.ts";
import { OutputFolder } from "./output-folder.ts";
import { readOutput } from "./read-output.ts";
import { type NamedUpload, storeData } from "./store-data.ts";

export interface CollectOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  /** Directory that the task wrote to. */
  readonly fromLocalDir: string;
  /** Location under which file data goes, as the caller writes it: what is announced begins with it. */
  readonly toRawOutput: string;
  readonly locate: Locate;
  /** Most bytes of the text of one simple value. */
  readonly maxSimpleBytes: number;
  /** Names of the objects that this run reports with, which no output may have. */
  readonly reservedNames: readonly string[];
  readonly tally: Tally;
  readonly signal?: AbortSignal;
}

/**
 * Turns what the task left into literals by their declared types, then stores the data of files and folders. Rejects with
 * one error that names every variable at fault: nothing is stored if the task left something else than it declared; data
 * stored before a store failed stays.
 */
export async function collect(
  variables: ReadonlyMap<string, Variable>,
  options: CollectOptions,
): Promise<Readonly<Record<string, Literal>>> {
  const { fromLocalDir, toRawOutput, maxSimpleBytes, reservedNames } = options;
  const faults = new VariableFaults();
  const folder = await OutputFolder.open(fromLocalDir);
  const literals: [string, Literal][] = [];
  const uploads: NamedUpload[] = [];
  for (const [name, { type }] of variables) {
    try {
      checkVariableName(name, reservedNames);
      const found = await folder.find(name);
      const place = {
        name: JSON.stringify(name),
        // Asked for by what has data: simple values need no place for any.
        get uri() {
          return joinLocation(toRawOutput, name);
        },
        found,
        folder,
        maxSimpleBytes,
      };
      const output = await readOutput(type, place);
      checkDepth(type, output.literal, place.name);
      literals.push([name, output.literal]);
      for (const upload of output.uploads) uploads.push({ ...upload, variable: name });
    } catch (error) {
      faults.add(name, error);
    }
  }
  faults.throwIfAny("collect outputs");
  await storeData(uploads, faults, { ...options, within: folder.root });
  faults.throwIfAny("upload outputs");
  return Object.fromEntries(literals);
}
