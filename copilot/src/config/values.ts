import { DataPlaneError } from "@flyte-dataplane/core";

/** The value of every key that some source sets, and where each came from. */
export class ConfigValues {
  /** By lower-cased name; names of sources are files, variables or flags. */
  readonly #texts = new Map<string, { readonly text: string; readonly source: string }>();

  set(path: readonly string[], text: string, source: string): void {
    this.#texts.set(lower(path), { text, source });
  }

  /** Forgets what lies below `path`. */
  clear(path: readonly string[]): void {
    for (const name of this.#texts.keys()) if (name.startsWith(`${lower(path)}${separator}`)) this.#texts.delete(name);
  }

  get(name: string): string | undefined {
    return this.#texts.get(lower(name.split(".")))?.text;
  }

  /** Whether any source sets the key or, for a map, one of its entries. */
  has(name: string): boolean {
    const wanted = lower(name.split("."));
    return [...this.#texts.keys()].some((known) => known === wanted || known.startsWith(`${wanted}${separator}`));
  }

  /** The entries of a map, their keys in lower case. */
  map(name: string): ReadonlyMap<string, string> {
    const prefix = `${lower(name.split("."))}${separator}`;
    const entries = [...this.#texts].filter(([known]) => known.startsWith(prefix));
    return new Map(entries.map(([known, { text }]) => [known.slice(prefix.length), text]));
  }

  /** Throws `invalid_argument`, naming key and source, for a text that is none of `choices`. */
  choice<Choice extends string>(name: string, choices: readonly Choice[], initial: Choice): Choice {
    const given = this.#texts.get(lower(name.split(".")));
    if (given === undefined || given.text === "") return initial;
    const choice = choices.find((candidate) => candidate === given.text);
    if (choice !== undefined) return choice;
    throw new DataPlaneError(
      "invalid_argument",
      `read configuration: ${name} of ${given.source} is none of ${choices.join(", ")}`,
      { origin: "user" },
    );
  }
}

/** Keys of free maps may hold dots. */
const separator = "\0";

function lower(path: readonly string[]): string {
  return path.join(separator).toLowerCase();
}
