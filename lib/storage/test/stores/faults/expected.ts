import type { ErrorCode } from "@flyte-dataplane/core";
import type { Operation } from "./operations.ts";

/** What must come of an operation: everything whole, or nothing of it and one error. */
export type Expected = "whole" | ErrorCode;

export const faultNames = [
  "a reset after some bytes",
  "a body cut short",
  "503 and then success",
  "503 for ever",
  "a stall",
  "a slow start",
  "a refused connection",
  "a name that is not known",
  "a full disk",
  "SIGTERM",
  "a change in the middle",
] as const;

export type FaultName = (typeof faultNames)[number];

export function expected(fault: FaultName, { name }: Operation): Expected {
  switch (fault) {
    case "a reset after some bytes":
    case "a body cut short":
    case "503 and then success":
    case "a stall":
    case "a slow start":
      return "whole";
    case "503 for ever":
    case "a refused connection":
    case "a name that is not known":
      return "unavailable";
    case "a full disk":
      // A store that takes no more bytes still tells what it has.
      return name === "list" ? "whole" : "resource_exhausted";
    case "SIGTERM":
      return "canceled";
    case "a change in the middle":
      return changed[name];
  }
}

const changed: Readonly<Record<Operation["name"], Expected>> = {
  get: "aborted",
  "ranged get": "aborted",
  "tree down": "aborted",
  put: "failed_precondition",
  "multipart put": "failed_precondition",
  // Small files are read before they are sent.
  "tree up": "whole",
  // Other keys come and go; those that stay are told once each.
  list: "whole",
};
