import type { Source } from "../driver.ts";
import type { Connection } from "./connection.ts";
import type { Consent } from "./consent.ts";
import { type SendOptions, sendBody } from "./request-body.ts";

export interface SendRequestOptions extends Pick<SendOptions, "length" | "writes" | "onSent"> {
  /** Where the body is to wait for it. */
  readonly consent: Consent | undefined;
  /** Gives the signal that ends the sending, as a body sets out that is more than one write. */
  readonly mayStop: () => AbortSignal;
}

/** A body up to here goes out in one call with its head. */
const smallBodyBytes = 64 * 1024;

/** Sends `head`, text of Latin-1 letters, and `body`; resolves and rejects as `sendBody`. */
export async function sendRequest(
  connection: Connection,
  head: string,
  body: Source,
  { consent, mayStop, ...options }: SendRequestOptions,
): Promise<void> {
  const inMemory = body instanceof Uint8Array;
  if (inMemory && body.byteLength <= smallBodyBytes && consent === undefined) {
    await connection.write(head, body);
    return;
  }
  // What is at hand already leaves together with the head: one call of the system, and one packet, less.
  const headFirst = consent !== undefined || !inMemory;
  if (headFirst) connection.send(head);
  await consent?.wait(connection.alarm);
  const stop = mayStop();
  if (!stop.aborted) await sendBody(connection, body, { ...options, stop, head: headFirst ? "" : head });
}
