export type { BegunCall, CallerAddress, CallHook, EndedCall, ProtocolName } from "./call-hook.ts";
export type { CallLimits } from "./call-limits.ts";
export { createCallLog } from "./call-log.ts";
export { type DirectTransportOptions, directTransport } from "./direct-transport.ts";
export { EncodedMessage } from "./encoded-message.ts";
export { proxiesFault } from "./forwarded-for.ts";
export { requireFreePort } from "./free-port.ts";
export type { Identity, Intent } from "./identity.ts";
export { isLoopback } from "./listen.ts";
export { fromConnectError, toConnectError } from "./rpc-errors.ts";
export { createServer, type Server, type ServerOptions } from "./server.ts";
export {
  type CallContext,
  type Caller,
  type CallTarget,
  type Handlers,
  type HealthCheck,
  type HttpContext,
  type Loop,
  type RpcService,
  rpc,
  type Service,
  type StreamHandler,
  type UnaryHandler,
} from "./service.ts";
export { readStaticFiles, type StaticFile } from "./static-files.ts";
export { readTlsFiles, type TlsFiles } from "./tls.ts";
export { TokenBuckets } from "./token-buckets.ts";
