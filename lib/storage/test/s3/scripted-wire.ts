import { Buffer } from "node:buffer";
import type { WireClient, WireRequest, WireResponse } from "../../src/wire/exchange.ts";

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A client whose peer is a function; hosts that no test can reach answer as recorded. Keeps what was sent. */
export function scriptedWire(answer: (request: WireRequest, index: number) => ScriptedAnswer): WireClient & {
  readonly sent: readonly WireRequest[];
} {
  const sent: WireRequest[] = [];
  return {
    sent,
    send(request) {
      sent.push(request);
      return Promise.resolve(response(answer(request, sent.length - 1)));
    },
    close: () => Promise.resolve(),
  };
}

function response({ status, headers = {}, body = "" }: ScriptedAnswer): WireResponse {
  const bytes = Buffer.from(body);
  return {
    status,
    headers: new Map(Object.entries(headers)),
    length: bytes.byteLength,
    body: chunks(bytes),
    toFile: () => Promise.reject(new Error("not part of the script")),
    bytes: () => Promise.resolve(bytes),
    discard: () => Promise.resolve(),
  };
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield await Promise.resolve(bytes);
}

/** An error document as S3 writes it. */
export function errorBody(code: string, more = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>recorded</Message>${more}</Error>`;
}
