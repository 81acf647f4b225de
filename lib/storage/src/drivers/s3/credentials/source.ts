import { type Clock, DataPlaneError, type Env, type Logger } from "@flyte-dataplane/core";
import type { WireClient, WireOptions } from "../../../wire/exchange.ts";
import type { S3Credentials } from "./credentials.ts";

/**
 * One place where credentials may be. `load` reads it afresh. It rejects where the place is set up and yet yields
 * nothing, so that nobody acts under another identity because the one that was meant is out of order.
 */
export interface Source {
  /** As an error names it, e.g. `instance metadata`. */
  readonly name: string;
  load(): Promise<Found>;
}

export type Found =
  | { readonly kind: "found"; readonly credentials: S3Credentials }
  /** Nobody meant this place to be used, or it does not exist here. `why` holds names of variables and files, no values. */
  | { readonly kind: "absent"; readonly why: string };

export interface SourceDeps {
  readonly env: Env;
  readonly clock: Clock;
  /** Yields numbers in [0, 1). */
  readonly random: () => number;
  /** Opens a client for a few requests; the source closes it. */
  readonly connect: (options: WireOptions) => WireClient;
  /** For requests that leave the machine: proxy and authorities as the store's own. */
  readonly wire: Pick<WireOptions, "writes" | "proxy" | "ca">;
  readonly logger?: Logger;
}

export function found(credentials: S3Credentials): Found {
  return { kind: "found", credentials };
}

export function absent(why: string): Found {
  return { kind: "absent", why };
}

/** A variable that is set to something. */
export function variable(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}

/** The place is set up and yields nothing. */
export function unusable(message: string, cause?: unknown): DataPlaneError {
  return new DataPlaneError("unauthenticated", message, { cause });
}
