/**
 * What a request must hold before the store is asked (cache-service.md 2.3). The annotations of the .proto files are not
 * enforced: executors send an empty organisation with every call.
 */
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Identifier } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import type { Scope } from "./keys.ts";

/** The column's width, in characters. */
const maxKeyCharacters = 512;

interface Scoped<B> {
  readonly baseRequest?: B | undefined;
  readonly identifier?: Identifier | undefined;
}

/** The inner request with its scope; rejects with `invalid_argument` when it, its key or the key's form is missing or wrong. */
export function unwrap<B extends { readonly key: string }>(
  operation: string,
  request: Scoped<B>,
): { readonly base: B; readonly scope: Scope } {
  const base = request.baseRequest;
  if (base === undefined) throw invalid(operation, "base_request is missing");
  if (base.key === "") throw invalid(operation, "base_request.key is empty");
  const scope = { project: request.identifier?.project ?? "", domain: request.identifier?.domain ?? "" };
  const length = base.key.length + scope.project.length + scope.domain.length;
  // Room for the two hyphens and the longest prefix.
  if (length + 14 > maxKeyCharacters)
    throw invalid(
      operation,
      `base_request.key has ${base.key.length} characters; with its scope it may have ${maxKeyCharacters - 14}`,
    );
  if (/\0/.test(base.key + scope.project + scope.domain))
    throw invalid(operation, "base_request.key or the identifier holds a NUL character");
  return { base, scope };
}

export function requireOwner(operation: string, ownerId: string): void {
  if (ownerId === "") throw invalid(operation, "base_request.owner_id is empty");
  if (ownerId.includes("\0")) throw invalid(operation, "base_request.owner_id holds a NUL character");
}

export function invalid(operation: string, what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `${operation}: ${what}`, { origin: "user" });
}
