import { archivedLogUri, DataPlaneError, outputsFile, parseStorageUri } from "@flyte-dataplane/core";
import type { ActionAttemptIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { findAttempt } from "./attempts.ts";
import type { ContainerRef, LogEntry } from "./log-reader.ts";
import type { DataproxyOptions } from "./options.ts";

/**
 * The lines of a container whose Pod is gone, from the copy that the controller keeps beside the attempt's outputs. Rejects with `not_found`
 * when there is none. The copy holds no times.
 */
export async function* archivedLog(
  options: DataproxyOptions,
  operation: string,
  id: ActionAttemptIdentifier,
  container: ContainerRef,
  signal: AbortSignal,
): AsyncIterable<readonly LogEntry[]> {
  const outputs = (await findAttempt(options, operation, id, signal)).outputs?.outputUri ?? "";
  const prefix = outputs.endsWith(`/${outputsFile}`) ? outputs.slice(0, -outputsFile.length - 1) : "";
  if (prefix === "")
    throw new DataPlaneError("not_found", `${operation}: pod "${container.pod}" is gone and its log was not kept`, {
      origin: "user",
    });
  const uri = parseStorageUri(archivedLogUri(prefix, container.pod, container.container, 0));
  const bucket = await options.stores.bucket(uri);
  const { body } = await bucket.get(uri.key, { signal });
  yield* linesOf(body);
}

/** Bytes split into lines, each with its terminator; the last one may have none. Invalid UTF-8 shows as replacement characters. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncIterable<readonly LogEntry[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    rest += first;
    const last = others.pop();
    if (last === undefined) continue;
    yield [rest, ...others].map((text) => ({ text: `${text}\n` }));
    rest = last;
  }
  rest += decoder.decode();
  if (rest !== "") yield [{ text: rest }];
}
