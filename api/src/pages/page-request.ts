/** What the pages take from a request. `invalid_argument` names the part of the address that cannot be right. */
import { abortError } from "@flyte-dataplane/core";
import { type ActionKey, type ProjectKey, part, type RunKey, rootActionName } from "../identifiers.ts";
import { countIn } from "./run-view.ts";

/** As much of the server's own request as is looked at. */
export interface PageRequest {
  readonly raw: { readonly url?: string | undefined };
  readonly params: unknown;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** As much of its response. */
export interface PageResponse {
  readonly destroyed: boolean;
  once(event: "close", listener: () => void): unknown;
}

export function projectOf(request: PageRequest): ProjectKey {
  return { project: part("project", param(request, "project")), domain: part("domain", param(request, "domain")) };
}

export function runOf(request: PageRequest): RunKey {
  return { ...projectOf(request), runName: part("run", param(request, "run")) };
}

export function taskOf(request: PageRequest): string {
  return part("task", param(request, "task"), 255);
}

export interface AttemptKey {
  readonly action: ActionKey;
  readonly attempt: number;
}

/** The root's first attempt unless the query names others. */
export function attemptOf(request: PageRequest): AttemptKey {
  const query = queryOf(request);
  const name = part("i", query.get("i") ?? rootActionName);
  return { action: { ...runOf(request), name }, attempt: countIn(query, "attempt") ?? 1 };
}

export function queryOf({ raw }: PageRequest): URLSearchParams {
  const [, ...query] = (raw.url ?? "").split("?");
  return new URLSearchParams(query.join("?"));
}

function param({ params }: PageRequest, name: string): string {
  return (params as Readonly<Record<string, string | undefined>>)[name] ?? "";
}

/** Aborts when the connection closes or the server drains. */
export function leavingOf(response: PageResponse, draining: AbortSignal): AbortSignal {
  const leaving = new AbortController();
  const drain = (): void => leaving.abort(abortError(draining));
  draining.addEventListener("abort", drain, { once: true });
  response.once("close", () => {
    draining.removeEventListener("abort", drain);
    leaving.abort();
  });
  if (draining.aborted) drain();
  if (response.destroyed) leaving.abort();
  return leaving.signal;
}

/** The headers that tell by which address the reader knows this server: links are to name the same. */
export function addressedTo({ headers }: PageRequest): Headers {
  const known = new Headers();
  for (const name of ["host", "x-forwarded-proto"]) {
    const value = headers[name];
    if (typeof value === "string") known.set(name, value);
  }
  return known;
}
