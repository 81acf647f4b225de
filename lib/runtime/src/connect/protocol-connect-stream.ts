/** Connect's streams: the last envelope has a flag of its own and says in JSON how the stream ended. */
import type { JsonValue } from "@bufbuild/protobuf";
import { connectTimeout } from "./deadline.ts";
import { frame } from "./envelope.ts";
import { errorJson } from "./error-detail.ts";
import type { Ending, FramedProtocol } from "./framed-protocol.ts";
import { single } from "./metadata.ts";

const endFlag = 0b10;

export const connectStream: FramedProtocol = {
  name: "connect",
  encodingHeader: "connect-content-encoding",
  acceptEncodingHeader: "connect-accept-encoding",
  trailers: false,
  timeout: (headers) => {
    const text = single(headers, "connect-timeout-ms");
    return text === undefined ? undefined : connectTimeout(text);
  },
  end: (exchange, ending) => {
    const last = frame(endFlag, Buffer.from(JSON.stringify(endJson(ending))));
    exchange.end(Buffer.concat(ending.rest === undefined ? last : [ending.rest, ...last]));
  },
};

function endJson({ error, trailer, registry }: Ending): JsonValue {
  const metadata: Record<string, string[]> = {};
  for (const headers of [trailer, error?.metadata]) {
    for (const [name, value] of headers ?? []) metadata[name] = [...(metadata[name] ?? []), value];
  }
  return {
    ...(error === undefined ? {} : { error: errorJson(error, registry) }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}
