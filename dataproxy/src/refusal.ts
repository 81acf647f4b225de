import { DataPlaneError } from "@flyte-dataplane/core";

/** The caller asked for something malformed: `<operation>: <what is wrong>`. */
export function invalid(operation: string, what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `${operation}: ${what}`, { origin: "user" });
}

/** What the caller asked for is not there. */
export function absent(operation: string, what: string): DataPlaneError {
  return new DataPlaneError("not_found", `${operation}: ${what}`, { origin: "user" });
}
