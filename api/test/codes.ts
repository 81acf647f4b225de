import { type Code, ConnectError } from "@connectrpc/connect";

/** The code a call was refused with; undefined if it was not. */
export async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => ConnectError.from(error).code,
  );
}
