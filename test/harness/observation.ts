/** What was seen of one run, as it is recorded: no time, no place, nothing that differs from run to run. */
export interface Observation {
  /** Exit status; 128 and the number for a signal; "running" for a program that had to be killed. */
  readonly status: number | "running";
  readonly stdout: string;
  readonly stderr: {
    readonly lastLine: string;
    /** Kinds of lines: level and members of JSON lines, `text` for others; sorted, each once. */
    readonly kinds: readonly string[];
    /** The whole text; judged, not recorded. */
    readonly text: string;
  };
  /** Files below `in` by path; folders only where they are empty. */
  readonly local: Readonly<Record<string, Entry>>;
  /** Modes of files and folders below `in`, octal; judged, not recorded. */
  readonly modes: Readonly<Record<string, string>>;
  /** Objects that are new, changed or gone (`null`), by key. */
  readonly remote: Readonly<Record<string, Entry | null>>;
  /** Files that it made anywhere else below the run's folder. */
  readonly strays: readonly string[];
  /** Whether the program still ran when it was sent the signal that it was to wait for; false without such a signal. */
  readonly waited: boolean;
  /** How often which request came: `GET data/x`, `PUT out/outputs.pb`, `LIST data/d/`. */
  readonly requests: Readonly<Record<string, number>>;
}

/** One file or object. */
export type Entry =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "bytes"; readonly bytes: number; readonly sha256: string }
  /** A LiteralMap, in canonical form. */
  | { readonly is: "literals"; readonly value: unknown }
  | {
      readonly is: "error";
      readonly code: string;
      readonly message: string;
      readonly kind: string;
      readonly origin: string;
    }
  /** YAML by its values, which have to be the same by both versions of the language. */
  | { readonly is: "yaml"; readonly value: unknown }
  | { readonly is: "folder" }
  /** A document that cannot be read as one. */
  | { readonly is: "broken"; readonly why: string };
