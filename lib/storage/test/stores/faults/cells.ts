/** What must come of each fault in the middle of each operation, for each driver: a table, so that nothing is left out. */
import type { ErrorCode } from "@flyte-dataplane/core";
import type { DriverName } from "./open-driver.ts";
import type { Operation, OperationName } from "./operations.ts";

/** Everything whole, or one error and nothing of it; or the reason why there is no such case. */
export type Cell = { readonly ends: "whole" | ErrorCode } | { readonly cannot: string };

export const driverNames: readonly DriverName[] = ["s3", "http", "file", "memory"];

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
  "no permission",
  "a damaged disk",
] as const;

export type FaultName = (typeof faultNames)[number];

function cellOf(driver: DriverName, fault: FaultName, { name, direction }: Operation): Cell {
  if (driver === "http" && direction !== "down") return { cannot: "a web server is only read" };
  if (driver === "http" && name === "tree down") return { cannot: "a web server lists nothing" };
  if (driver === "file" && name === "multipart put") return { cannot: "a file is never uploaded in parts" };
  const isRemote = driver === "s3" || driver === "http";
  switch (fault) {
    case "a reset after some bytes":
    case "a body cut short":
    case "503 and then success":
    case "a stall":
    case "a slow start":
      return isRemote ? { ends: "whole" } : { cannot: "no line leads to it" };
    case "503 for ever":
    case "a refused connection":
    case "a name that is not known":
      return isRemote ? { ends: "unavailable" } : { cannot: "no line leads to it" };
    case "a full disk":
      if (direction === "list") return { cannot: "a listing writes nothing" };
      if (driver === "memory" && direction === "up") return { cannot: "its objects are on no disk" };
      return { ends: "resource_exhausted" };
    case "SIGTERM":
      return { ends: "canceled" };
    case "a change in the middle":
      return { ends: isRemote ? changedRemotely[name] : changedLocally[name] };
    case "no permission":
      return driver === "memory" ? { cannot: "its objects belong to this process" } : { ends: "permission_denied" };
    case "a damaged disk":
      if (direction === "list") return { cannot: "a listing reads no byte of a file" };
      if (driver === "file" || name === "tree up") return { ends: "unavailable" };
      // Within a request to the store, `unavailable` would speak of the store.
      if (direction === "up") return { ends: "internal" };
      return { cannot: "what was written is not read again, and tells nothing of its disk" };
  }
}

const changedRemotely: Readonly<Record<OperationName, "whole" | ErrorCode>> = {
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

/** Whoever has opened an object goes on reading it, whatever takes its name meanwhile. */
const changedLocally: typeof changedRemotely = { ...changedRemotely, get: "whole", "tree down": "whole" };

export interface Row {
  readonly driver: DriverName;
  readonly operation: Operation;
  readonly fault: FaultName;
  readonly ends: "whole" | ErrorCode;
  /** Bytes of the victim that have moved by then, where the fault chooses. */
  readonly at?: number | undefined;
  /** Local writes block, which takes small objects another way; in a child process they always do. */
  readonly blocking?: boolean;
}

/** The cases that there are for these drivers. A signal comes at three places, the same in every run. */
export function rowsOf(drivers: readonly DriverName[], all: readonly Operation[]): readonly Row[] {
  return drivers.flatMap((driver) =>
    all.flatMap((operation) =>
      faultNames.flatMap((fault): readonly Row[] => {
        const cell = cellOf(driver, fault, operation);
        if ("cannot" in cell) return [];
        const row = { driver, operation, fault, ends: cell.ends };
        if (fault === "SIGTERM") return places(operation).map((at) => ({ ...row, at }));
        const here =
          (driver === "s3" || driver === "http") && operation.direction === "down" && fault !== "a full disk";
        return here ? [row, { ...row, blocking: true }] : [row];
      }),
    ),
  );
}

function places({ name, victimBytes }: Operation): readonly number[] {
  let seed = name.length * 2_654_435_761;
  return [1, 2, 3].map(() => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return 1 + (seed % (victimBytes - 1));
  });
}

/** The name of the test that shows a row, which the printed table is read from. */
export function rowTitle({ driver, operation, fault, ends, at, blocking = false }: Row): string {
  const where = at === undefined ? "" : ` at byte ${at}`;
  return `${driver}: ${operation.name}${blocking ? " blocking" : ""}: ${fault}${where} ends it as ${ends}, with nothing half visible and nothing left`;
}

/** What there is no case of, by its reason. */
export function declarations(all: readonly Operation[]): readonly string[] {
  return driverNames.flatMap((driver) =>
    all.flatMap((operation) =>
      faultNames.flatMap((fault) => {
        const cell = cellOf(driver, fault, operation);
        return "cannot" in cell ? [`${driver}: ${operation.name}: ${fault}: ${cell.cannot}`] : [];
      }),
    ),
  );
}
