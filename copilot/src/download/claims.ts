import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { VariableFaults } from "../variable-faults.ts";
import type { PlacedInput } from "./places.ts";

/** Files and folders by their paths, where a decoded binary takes one that nobody gave it. */
export class Claims {
  readonly #folder: string;
  readonly #owners = new Map<string, string>();
  readonly #twice = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `files` are those of its texts. */
  add(variable: string, { folders, blobs }: PlacedInput, files: readonly string[]): void {
    // A folder of data is both.
    const data = new Set([...folders, ...blobs.map((blob) => blob.path)]);
    for (const place of [...data, ...files]) {
      const owner = this.#owners.get(place);
      this.#owners.set(place, variable);
      // Whoever bears the name of the file has the better claim.
      if (owner !== undefined) this.#twice.set(place, place === path.join(this.#folder, variable) ? owner : variable);
    }
  }

  check(faults: VariableFaults): void {
    for (const [place, variable] of this.#twice) {
      const what = `the JSON of its msgpack would be ${path.basename(place)}, which is another input's`;
      faults.add(variable, new DataPlaneError("invalid_argument", what, { origin: "user" }));
    }
  }
}
