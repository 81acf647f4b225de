import type { ErrorCode } from "./errors.ts";

export interface ErrorRow {
  /** Whether another attempt may succeed as things stand, with nobody changing anything. */
  readonly recoverable: boolean;
  /** What the code means to the person whose task met it. */
  readonly meaning: string;
}

/** One row per code; a code without a row does not compile. Where the wire asks for another answer, change the row. */
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = {
  canceled: { recoverable: false, meaning: "the caller withdrew the request" },
  unknown: { recoverable: true, meaning: "a peer failed without saying why" },
  invalid_argument: { recoverable: false, meaning: "the request is malformed whatever the state of the system" },
  deadline_exceeded: { recoverable: true, meaning: "the time limit passed before an answer" },
  not_found: { recoverable: false, meaning: "what was named does not exist" },
  already_exists: { recoverable: false, meaning: "what was to be created is there already" },
  permission_denied: { recoverable: false, meaning: "the identity is known and may not do this" },
  resource_exhausted: { recoverable: true, meaning: "a limit or quota is used up" },
  failed_precondition: { recoverable: false, meaning: "the system is not in the state that the request needs" },
  aborted: { recoverable: true, meaning: "another writer got in between" },
  out_of_range: { recoverable: false, meaning: "a position or a number lies outside what is valid" },
  unimplemented: { recoverable: false, meaning: "this server does not offer it" },
  internal: { recoverable: true, meaning: "a defect or a broken promise inside the system" },
  unavailable: { recoverable: true, meaning: "a service or store could not be reached" },
  data_loss: { recoverable: false, meaning: "stored or received bytes are not what they should be" },
  unauthenticated: { recoverable: false, meaning: "no valid credentials came with the request" },
};

/** Whether a failure with this code is worth another attempt. */
export function isRecoverable(code: ErrorCode): boolean {
  return errorTable[code].recoverable;
}
