import { abortError, DataPlaneError } from "@flyte-dataplane/core";
import type { OpenedObject } from "./opened-object.ts";

/**
 * Opens what a web server gives for `address`, without credentials, redirects followed. Rejects with `unavailable` for a
 * status of 429 or above 499 and where no server answers, `not_found` for 404 and 410, `failed_precondition` for any
 * other status but success, `invalid_argument` for what is no address. Messages leave out the query, which may be a signature.
 */
export async function openWebObject(address: string, signal: AbortSignal | undefined): Promise<OpenedObject> {
  const ref = address.replace(/[?#].*$/s, "").replace(/\/\/[^/@]*@/, "//");
  if (!URL.canParse(address) || ref.length < address.replace(/[?#].*$/s, "").length) {
    throw new DataPlaneError("invalid_argument", `get ${ref}: the address is malformed, or holds a user's name`, {
      ref,
    });
  }
  let response: Response;
  try {
    response = await fetch(address, signal === undefined ? {} : { signal });
  } catch (cause) {
    if (signal?.aborted === true) throw abortError(signal);
    throw new DataPlaneError("unavailable", `get ${ref}: no answer (${reasonOf(cause)})`, { ref });
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new DataPlaneError(codeOf(response.status), `get ${ref}: the server answered ${response.status}`, { ref });
  }
  const length = response.headers.get("content-length");
  const encoded = response.headers.has("content-encoding");
  const size = length === null || encoded ? undefined : Number(length);
  return { ref, body: chunks(response, ref, signal), ...(size !== undefined && { size }) };
}

async function* chunks(
  { body }: Response,
  ref: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (body === null) return;
  try {
    for await (const chunk of body) yield chunk as Uint8Array;
  } catch (cause) {
    if (signal?.aborted === true) throw abortError(signal);
    throw new DataPlaneError("unavailable", `get ${ref}: the connection broke off (${reasonOf(cause)})`, { ref });
  }
}

/** The system's short name of what happened: longer texts of `fetch` may quote the address, query included. */
function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause)
    if ("code" in at && typeof at.code === "string") return at.code;
  return "no reason given";
}

function codeOf(status: number): "unavailable" | "not_found" | "failed_precondition" {
  if (status === 429 || status >= 500) return "unavailable";
  return status === 404 || status === 410 ? "not_found" : "failed_precondition";
}
