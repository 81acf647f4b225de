import type { AnswerEffect, RequestEffect } from "@flyte-dataplane/test-support";
import type { Entry } from "./observation.ts";
import type { Content, Place } from "./value.ts";

/**
 * By which rules an outcome is predicted: `reference` is items 1 to 92 and what the contract tells of the program that it
 * describes, `ours` adds the items B.
 */
export type Dialect = "ours" | "reference";

/** One run of a program, with what the contract says of its outcome. */
export interface Case {
  /** A sentence that can be false; unique. */
  readonly name: string;
  /** Items of the contract that the case proves if its outcome is as predicted; at most three. */
  readonly items: readonly string[];
  /** Programs that the contract says enough about to judge them; the others' runs are recorded and not judged. */
  readonly dialects: readonly Dialect[];
  /** Where its data lie; an S3 server by default. */
  readonly store?: "files";
  /** Throws nothing: all that can be wrong with a case is wrong in every run. */
  plan(world: World): Plan;
}

/** The places of one run, which differ from run to run and are named in recordings by `{work}`, `{base}` and so on. */
export interface World {
  readonly dialect: Dialect;
  /** Folder of this run alone; `in` is what downloads fill, `left` what the task of a sidecar left. */
  readonly work: string;
  /** Location of an object of the case, of the web server's, or of the other bucket's. */
  locate(place: Place): string;
  /** Location of the case's folder at the store: its `in`, `out`, `raw` and `data`. */
  readonly base: string;
  readonly store: StoreFacts;
}

/** What a program has to be told to find the store. */
export interface StoreFacts {
  readonly kind: "s3" | "files";
  readonly bucket: string;
  readonly otherBucket: string;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretKey: string;
}

export interface Plan {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Objects before the run, by key below the case's folder. */
  readonly objects?: Readonly<Record<string, Content>>;
  /** Objects of the other bucket, by key below the case's folder there. */
  readonly otherObjects?: Readonly<Record<string, Content>>;
  /** Files before the run, by path below the run's folder. */
  readonly files?: Readonly<Record<string, FileSpec>>;
  /** Answers of the web server, by path with query. */
  readonly web?: Readonly<Record<string, WebAnswer>>;
  readonly faults?: readonly FaultSpec[];
  /** Signals; none by default. */
  readonly signals?: Signals;
  /** Names of objects that are documents beside the usual ones. */
  readonly documents?: Readonly<Record<string, "literals" | "error">>;
  readonly expect: Expected;
}

export type FileSpec =
  | Content
  | { readonly link: string }
  | { readonly fifo: true }
  | { readonly folder: true }
  /** Text that may be secret or name places, read by the program as configuration. */
  | { readonly yaml: string };

export interface WebAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Meets requests whose key, decoded, ends in `key`, or listings if that is `?list`. */
export interface FaultSpec {
  readonly key: string;
  readonly method?: string;
  readonly effect: Exclude<RequestEffect | AnswerEffect, { kind: `hold-${string}` }>;
  /** 1 by default. */
  readonly times?: number;
}

export type Signals =
  /** SIGTERM once the program waits, after `leaves` is written below the run's folder. */
  | { readonly at: "waiting"; readonly leaves?: Readonly<Record<string, FileSpec>> }
  /** The same, and again while the request for the key ends in `key` is under way. */
  | { readonly at: "waiting-and-request"; readonly key: string }
  /** SIGTERM while that request is under way, which is answered only then, or never if `stall`. */
  | { readonly at: "request"; readonly key: string; readonly stall?: boolean };

/** What has to be seen. Whatever is left out is not judged. */
export interface Expected {
  readonly status: number;
  /** Files below `in`. */
  readonly local?: TreeExpectation;
  /** Objects of the case, without those that were there before and are unchanged; `null` for one that is gone. */
  readonly remote?: TreeExpectation;
  readonly stdout?: TextExpectation;
  readonly stderr?: TextExpectation;
  /** What the last line on stderr holds. */
  readonly lastLine?: TextExpectation;
  /** How often objects were asked for: `GET data/x` → 1. */
  readonly requests?: Readonly<Record<string, number>>;
  /** Every staged file is readable, every folder may be entered, by anybody. */
  readonly readable?: boolean;
  /** The program waits for its signal. */
  readonly waits?: boolean;
  /** Every line on stderr is a JSON object with level, msg and ts. */
  readonly logs?: "json lines" | "nothing";
}

export interface TreeExpectation {
  /** Whether nothing else may be there. */
  readonly whole: boolean;
  readonly entries: Readonly<Record<string, Entry | ErrorExpectation | null>>;
  /** Entries, or folders with all below, that must not be there. */
  readonly lacks?: readonly string[];
}

/** An error document of which the contract does not fix the message. */
export interface ErrorExpectation {
  readonly is: "error like";
  readonly code: string;
  readonly kind: "RECOVERABLE" | "NON_RECOVERABLE";
  readonly origin: "USER" | "SYSTEM" | "UNKNOWN" | "any";
  /** Variables that the message names, each in quotes or brackets. */
  readonly names?: readonly string[];
  readonly says?: readonly string[];
  readonly silent?: readonly string[];
  readonly mostBytes?: number;
}

export interface TextExpectation {
  readonly has?: readonly string[];
  readonly lacks?: readonly string[];
  /** Source of a regular expression. */
  readonly matches?: string;
}
