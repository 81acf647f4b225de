/** What tells the protocols apart whose messages stand in envelopes: Connect's streams, gRPC and gRPC-Web. */
import type { IncomingHttpHeaders } from "node:http";
import type { Registry } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { ProtocolName } from "../server/call-hook.ts";
import type { CodecName } from "./codecs.ts";
import type { Exchange } from "./exchange.ts";

export interface FramedProtocol {
  readonly name: ProtocolName;
  readonly encodingHeader: string;
  readonly acceptEncodingHeader: string;
  /** Whether the status comes in HTTP trailers. */
  readonly trailers: boolean;
  /** Milliseconds that the caller gives the call. Throws `invalid_argument`. */
  timeout(headers: IncomingHttpHeaders): number | undefined;
  /** The last bytes of the answer, `rest` before them, and the trailers. */
  end(exchange: Exchange, ending: Ending): void;
}

export interface Ending {
  readonly rest: Uint8Array | undefined;
  readonly error: ConnectError | undefined;
  readonly trailer: Headers | undefined;
  readonly registry: Registry;
}

export interface FramedRequest {
  readonly protocol: FramedProtocol;
  readonly codec: CodecName;
  /** The answer has the same. */
  readonly contentType: string;
}
