import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";

/** What is wrong with an output, or a part of one; the task's author can mend it. */
export function badOutput(code: ErrorCode, place: string, what: string): DataPlaneError {
  return new DataPlaneError(code, `output ${place}: ${what}`, { origin: "user" });
}

/**
 * Whether the error says that a value is not of a type, and so may be of another. A link out of the directory, a failing
 * store or disk are no such answer.
 */
export function isMismatch(error: unknown): error is DataPlaneError {
  return error instanceof DataPlaneError && error.origin === "user" && error.code !== "permission_denied";
}

/** Parts told of a list or map: of a thousand that fail alike, three tell as much. */
const partsTold = 3;

/** Makes one value of each part. Parts that are not of their type become one error, which names the first of them. */
export async function eachPart<Item, Value>(
  items: Iterable<Item>,
  make: (item: Item, index: number) => Promise<Value> | Value,
): Promise<Value[]> {
  const values: Value[] = [];
  const faults: DataPlaneError[] = [];
  let index = 0;
  for (const item of items) {
    try {
      values.push(await make(item, index));
    } catch (error) {
      if (!isMismatch(error)) throw error;
      faults.push(error);
    }
    index += 1;
  }
  const [first] = faults;
  if (first === undefined) return values;
  if (faults.length === 1) throw first;
  const told = faults.slice(0, partsTold).map(({ message }) => message);
  const rest = faults.length > partsTold ? `; and ${faults.length - partsTold} more parts` : "";
  throw new DataPlaneError(first.code, `${told.join("; ")}${rest}`, { origin: "user" });
}
