// @ts-check
// gRPC's own server in JavaScript.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CacheService,
  GetCacheRequestSchema,
  GetCacheResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { cached, report } from "../served.mjs";

const server = new Server();
server.addService(
  {
    get: {
      path: `/${CacheService.typeName}/Get`,
      requestStream: false,
      responseStream: false,
      requestDeserialize: (/** @type {Buffer} */ bytes) => fromBinary(GetCacheRequestSchema, bytes),
      responseDeserialize: (/** @type {Buffer} */ bytes) => fromBinary(GetCacheResponseSchema, bytes),
      requestSerialize: () => Buffer.alloc(0),
      responseSerialize: (/** @type {typeof cached} */ message) =>
        Buffer.from(toBinary(GetCacheResponseSchema, message)),
    },
  },
  {
    get: (/** @type {unknown} */ _call, /** @type {(error: null, answer: typeof cached) => void} */ answer) =>
      answer(null, cached),
  },
);
const port = await new Promise((resolve, reject) => {
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  );
});
report(port);
