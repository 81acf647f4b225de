import { DataPlaneError, errorCode } from "@flyte-dataplane/core";

/** What failed of a tree: each object by its own message, up to a bound. */
export class Failures {
  readonly #messages: string[] = [];
  readonly #told: number;
  #count = 0;
  #first: unknown;
  #allOfUser = true;

  /** So many failures are told in full. */
  constructor(told = 20) {
    this.#told = told;
  }

  add(error: unknown): void {
    if (this.#count === 0) this.#first = error;
    this.#count += 1;
    this.#allOfUser &&= error instanceof DataPlaneError && error.origin === "user";
    if (this.#messages.length < this.#told) this.#messages.push(error instanceof Error ? error.message : String(error));
  }

  /** The one failure as it is, or one error with the first one's code for all of them. */
  toError(operation: string, ref: string): unknown {
    if (this.#count <= 1) return this.#first;
    const more = this.#count - this.#messages.length;
    const list = [...this.#messages, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
    return new DataPlaneError(errorCode(this.#first), `${operation} ${ref}: ${this.#count} objects failed: ${list}`, {
      origin: this.#allOfUser ? "user" : "system",
      ref,
      cause: this.#first,
    });
  }

  get any(): boolean {
    return this.#count > 0;
  }
}
