import { reservationKeyPrefix } from "@flyte-dataplane/core";

/** The tenant of a request; the organisation takes no part in keys (cache-service.md 2.4). */
export interface Scope {
  readonly project: string;
  readonly domain: string;
}

/** Key of an output's row: `<project>-<domain>-<key>`, as rows written by the reference have it. */
export function outputKey(scope: Scope, key: string): string {
  return `${scope.project}-${scope.domain}-${key}`;
}

/** Key of a reservation's row. */
export function reservationKey(scope: Scope, key: string): string {
  return `${reservationKeyPrefix}${outputKey(scope, key)}`;
}
