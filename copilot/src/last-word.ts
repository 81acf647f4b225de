import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { truncateMiddle } from "@flyte-dataplane/core";
import type { ProcessPorts } from "./ports.ts";

/** Bytes of the line. A pod's status shows at most so much of a container's last output. */
const maxLineBytes = 2000;

/**
 * Why the run failed, in one line: the last of stderr, and the container's termination message where a pod has a file for
 * it, so that the reason shows also where the status is 0.
 */
export async function lastWord(
  { stderr, terminationLog }: Pick<ProcessPorts, "stderr" | "terminationLog">,
  message: string,
): Promise<void> {
  const line = oneLine(message);
  stderr(`Error: ${line}\n`);
  // Not made: where there is none, nobody looks for it.
  const handle = await open(terminationLog, constants.O_WRONLY).catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.truncate();
    await handle.write(`${line}\n`);
  } catch {
    // The line on stderr has said it.
  } finally {
    await handle.close();
  }
}

function oneLine(message: string): string {
  return truncateMiddle(message.replace(/\p{Cc}+/gu, " "), maxLineBytes).replaceAll("\n", " ");
}
