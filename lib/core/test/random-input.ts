/** Ways to make fuzz input from one source of chance; all draw from `random`, which yields numbers in [0, 1). */
export type Random = () => number;

/** An integer from 0 to `below` - 1. */
export function integer(random: Random, below: number): number {
  return Math.floor(random() * below);
}

export function oneOf<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[integer(random, choices.length)] ?? choices[0];
}

/** Up to `max` pieces laid end to end. */
export function sentence(random: Random, max: number, pieces: readonly [string, ...string[]]): string {
  return Array.from({ length: integer(random, max + 1) }, () => oneOf(random, pieces)).join("");
}

/** The bytes with up to three of them changed, removed, doubled or cut off; one time in three as they are. */
export function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  let result = [...bytes];
  for (let i = integer(random, 4); i > 1 && result.length > 0; i -= 1) {
    const at = integer(random, result.length);
    const kind = integer(random, 4);
    if (kind === 0) result[at] = integer(random, 256);
    else if (kind === 1) result.splice(at, 1);
    else if (kind === 2) result.splice(at, 0, ...result.slice(at, at + 1 + integer(random, 8)));
    else result = result.slice(0, at);
  }
  return Uint8Array.from(result);
}

/** "rejected" when `act` throws the typed error that `isExpected` knows; anything else it throws is a defect. */
export function judge(act: () => void, isExpected: (error: unknown) => boolean): "accepted" | "rejected" {
  try {
    act();
    return "accepted";
  } catch (error) {
    if (isExpected(error)) return "rejected";
    throw error;
  }
}

export function expectEqual(actual: string, expected: string, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}
