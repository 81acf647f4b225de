import type { Source } from "../driver.ts";
import type { BodyTaker } from "./exchange.ts";

/** A request as it goes out. */
export interface Outgoing {
  readonly method: string;
  /** Latin-1. */
  readonly head: string;
  readonly body: Source | undefined;
  readonly bodyLength: number | "chunked" | undefined;
  /** The body waits for the server's consent, or a second. */
  readonly expectsContinue: boolean;
  readonly signal: AbortSignal | undefined;
  readonly answersLate: boolean;
  /** Only beside a request without a body. */
  readonly taker: BodyTaker | undefined;
}
