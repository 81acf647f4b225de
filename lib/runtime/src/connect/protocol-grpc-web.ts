/** gRPC-Web: gRPC for callers that cannot read HTTP trailers; they stand in the last envelope, as text. */
import { frame } from "./envelope.ts";
import type { FramedProtocol } from "./framed-protocol.ts";
import { grpcTimeoutOf, statusFields } from "./protocol-grpc.ts";

const trailerFlag = 0b1000_0000;

export const grpcWeb: FramedProtocol = {
  name: "grpc-web",
  encodingHeader: "grpc-encoding",
  acceptEncodingHeader: "grpc-accept-encoding",
  trailers: false,
  timeout: grpcTimeoutOf,
  end: (exchange, ending) => {
    let text = "";
    for (const [name, value] of Object.entries(statusFields(ending))) text += `${name}: ${String(value)}\r\n`;
    const last = frame(trailerFlag, Buffer.from(text, "latin1"));
    exchange.end(Buffer.concat(ending.rest === undefined ? last : [ending.rest, ...last]));
  },
};
