/** What the fault proxy can do to an exchange, and to which. Places are counted in bytes of the body on the wire. */

/** A request as the proxy saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface Fault {
  readonly effect: Effect;
  /** Which requests it may meet; every one by default. */
  readonly when?: (request: SeenRequest) => boolean;
  /** How many of those it meets before it is used up; 1 by default, `Infinity` for all. */
  readonly times?: number;
}

export type Effect = RequestEffect | AnswerEffect;

/** On the way to the server. */
export type RequestEffect =
  /** Resets the client's connection once so much of the body has passed; 0 before anything reaches the server. */
  | { readonly kind: "reset-request"; readonly afterBytes: number }
  /** Reads no further, and answers nothing. */
  | { readonly kind: "stall-request"; readonly afterBytes: number }
  /** Holds the rest back until `hold` has resolved, with 0 the head too; where it rejects, the connection ends there. */
  | { readonly kind: "hold-request"; readonly afterBytes: number; readonly hold: () => Promise<void> }
  /** Inverts one byte. */
  | { readonly kind: "corrupt-request"; readonly atByte: number }
  /** Takes the first `bytes` one by one. */
  | { readonly kind: "trickle-request"; readonly bytes: number; readonly everyMs: number }
  /** Reads the request and answers in the server's place, which hears nothing of it. */
  | { readonly kind: "answer"; readonly status: number; readonly headers?: Headers; readonly body?: string };

/** On the way back. */
export type AnswerEffect =
  | { readonly kind: "reset-answer"; readonly afterBytes: number }
  /** Ends the connection in good order, with the body unfinished. */
  | { readonly kind: "short-answer"; readonly afterBytes: number }
  /** Says nothing more, and keeps the connection. */
  | { readonly kind: "stall-answer"; readonly afterBytes: number }
  /** Gives the first `bytes` one by one. */
  | { readonly kind: "trickle-answer"; readonly bytes: number; readonly everyMs: number }
  /** Inverts one byte. */
  | { readonly kind: "corrupt-answer"; readonly atByte: number }
  /** Adds bytes that nobody announced. */
  | { readonly kind: "surplus-answer"; readonly bytes: number }
  /** The server has done what was asked, and its answer never comes: the connection ends before the first byte. */
  | { readonly kind: "lost-answer" }
  | { readonly kind: "hold-answer"; readonly afterBytes: number; readonly hold: () => Promise<void> };

export type Headers = Readonly<Record<string, string>>;

export function isRequestEffect(effect: Effect): effect is RequestEffect {
  return effect.kind === "answer" || effect.kind.endsWith("-request");
}
