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

/** Bad parts after which the rest is not looked at: a list may have half a million. */
const partsTried = 1000;

/** Takes each part. Parts that are not of their type become one error, which names the first of them. */
export async function eachPart<Item>(
  items: Iterable<Item>,
  take: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const told: DataPlaneError[] = [];
  let bad = 0;
  let index = 0;
  for (const item of items) {
    try {
      await take(item, index);
    } catch (error) {
      if (!isMismatch(error)) throw error;
      if (told.length < partsTold) told.push(error);
      bad += 1;
      if (bad === partsTried) break;
    }
    index += 1;
  }
  const [first] = told;
  if (first === undefined) return;
  if (bad === 1) throw first;
  const more = `; and ${bad === partsTried ? "at least " : ""}${bad - partsTold} more parts`;
  const rest = bad > partsTold ? more : "";
  throw new DataPlaneError(first.code, `${told.map(({ message }) => message).join("; ")}${rest}`, { origin: "user" });
}
