/** gRPC: how the call ended stands in the HTTP trailers. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { grpcTimeout } from "./deadline.ts";
import { grpcStatus } from "./error-detail.ts";
import type { Ending, FramedProtocol } from "./framed-protocol.ts";
import { addFields, single } from "./metadata.ts";

export const grpc: FramedProtocol = {
  name: "grpc",
  encodingHeader: "grpc-encoding",
  acceptEncodingHeader: "grpc-accept-encoding",
  trailers: true,
  timeout: grpcTimeoutOf,
  end: (exchange, ending) => exchange.end(ending.rest, statusFields(ending)),
};

export function grpcTimeoutOf(headers: IncomingHttpHeaders): number | undefined {
  const text = single(headers, "grpc-timeout");
  return text === undefined ? undefined : grpcTimeout(text);
}

/** The trailers of a call: what its handler and its error say, and the status. */
export function statusFields({ error, trailer, registry }: Ending): OutgoingHttpHeaders {
  if (error === undefined && trailer === undefined) return plainSuccess;
  const fields: OutgoingHttpHeaders = {};
  addFields(fields, trailer);
  if (error === undefined) {
    fields["grpc-status"] = "0";
    return fields;
  }
  addFields(fields, error.metadata);
  return Object.assign(fields, grpcStatus(error, registry));
}

/** Node copies what it sends. */
const plainSuccess: OutgoingHttpHeaders = Object.freeze({ "grpc-status": "0" });
