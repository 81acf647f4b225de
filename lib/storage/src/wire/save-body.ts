import type { FileTarget } from "../driver.ts";
import { diskFailure, writeChunk, writeChunkSync } from "../file-target.ts";
import type { Intake } from "./intake.ts";

/** Less than this at a time is not worth a write; TLS hands out 16 KiB. */
const writeBytes = 128 * 1024;
/** The way to the thread pool and back has to be worth it too; as much again arrives meanwhile (memory.ts). */
const asyncWriteBytes = 256 * 1024;

/** Writes what `intake` takes in to the file; resolves to its length. Does not end the intake when it rejects. */
export function saveBody(intake: Intake, target: FileTarget, writes: "sync" | "async"): Promise<number> {
  return writes === "sync" ? saveAtOnce(intake, target) : saveBeside(intake, target);
}

/** Each chunk is written within the call that brought it: no promise, no second buffer, nothing else runs meanwhile. */
function saveAtOnce(intake: Intake, { fd, position, onChunk }: FileTarget): Promise<number> {
  return new Promise((resolve, reject) => {
    let saved = 0;
    let settled = false;
    intake.onNews(() => {
      if (settled) return;
      try {
        for (let chunk = intake.look(); ; chunk = intake.look()) {
          if (chunk === undefined) {
            settled = true;
            resolve(saved);
            return;
          }
          if (chunk.byteLength === 0 || (chunk.byteLength < writeBytes && !intake.over)) return;
          onChunk?.(chunk);
          writeChunkSync(fd, chunk, position + saved);
          saved += chunk.byteLength;
          intake.give(chunk.byteLength);
        }
      } catch (error) {
        settled = true;
        reject(error instanceof Error ? error : diskFailure(error));
      }
    });
  });
}

/** A chunk is written by the thread pool while the next one arrives in the rest of the ring. */
async function saveBeside(intake: Intake, { fd, position, onChunk }: FileTarget): Promise<number> {
  let saved = 0;
  for (;;) {
    const chunk = await intake.next(asyncWriteBytes);
    if (chunk === undefined) return saved;
    onChunk?.(chunk);
    await writeChunk(fd, chunk, position + saved);
    saved += chunk.byteLength;
  }
}
