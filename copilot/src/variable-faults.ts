import { DataPlaneError, errorCode } from "@flyte-dataplane/core";

/** Causes kept per variable: of a thousand files that fail alike, three tell as much. */
const causesPerVariable = 3;

/** Collects what goes wrong, variable by variable, so that one message can name them all. */
export class VariableFaults {
  readonly #causes = new Map<string, unknown[]>();

  add(variable: string, cause: unknown): void {
    const causes = this.#causes.get(variable) ?? [];
    this.#causes.set(variable, causes);
    if (causes.length < causesPerVariable) causes.push(cause);
  }

  /** Whether further work for this variable is pointless. */
  isLost(variable: string): boolean {
    return (this.#causes.get(variable)?.length ?? 0) >= causesPerVariable;
  }

  /**
   * Throws one error for all variables, if there are any; `stage` begins its message. The code is that of the first
   * cause; the origin is `user` only if the user can mend every one.
   */
  throwIfAny(stage: string): void {
    const all = [...this.#causes.values()].flat();
    const [first] = all;
    if (first === undefined) return;
    const parts = [...this.#causes].map(
      ([variable, causes]) => `variable "${variable}": ${causes.map(messageOf).join("; ")}`,
    );
    const origin = all.every((cause) => cause instanceof DataPlaneError && cause.origin === "user") ? "user" : "system";
    throw new DataPlaneError(errorCode(first), `${stage}: ${parts.join("; ")}`, { origin, cause: first });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
