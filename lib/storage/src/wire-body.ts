import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "./abortable.ts";
import type { BodyCheck } from "./crc.ts";
import type { FileTarget, ReadResult } from "./driver.ts";
import type { WireResponse } from "./wire/exchange.ts";

export interface Expectation {
  /** Bytes; undefined where only the connection's end tells. */
  readonly expected: number | undefined;
  readonly check: BodyCheck | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The two ways of reading a response's body, both holding it to its length and checksum (`data_loss`). */
export function receive(
  response: WireResponse,
  expectation: Expectation,
): Pick<Required<ReadResult>, "body" | "toFile"> {
  return {
    body: chunks(response.body, expectation),
    toFile: (target) => toFile(response, target, expectation),
  };
}

async function* chunks(
  body: AsyncIterable<Uint8Array>,
  { expected, check, signal }: Expectation,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  for await (const chunk of body) {
    // The client looks at its signal when it waits: what it had received by then would still come through.
    throwIfAborted(signal);
    received += chunk.byteLength;
    check?.add(chunk);
    yield chunk;
  }
  checkLength(received, expected);
  check?.end();
}

async function toFile(response: WireResponse, target: FileTarget, expectation: Expectation): Promise<number> {
  const { expected, check } = expectation;
  const { fd, position, onChunk } = target;
  const watched: FileTarget =
    check === undefined
      ? target
      : {
          fd,
          position,
          onChunk: (chunk) => {
            check.add(chunk);
            onChunk?.(chunk);
          },
        };
  const received = await response.toFile(watched);
  checkLength(received, expected);
  check?.end();
  return received;
}

function checkLength(received: number, expected: number | undefined): void {
  if (expected === undefined || received === expected) return;
  throw new DataPlaneError("data_loss", `received ${received} of ${expected} bytes`);
}
