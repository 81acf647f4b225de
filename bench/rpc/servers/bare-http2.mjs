// @ts-check
// node:http2 alone, its core interface: reads the body, answers fixed bytes and the trailers of a gRPC call.
import { createServer } from "node:http2";
import { cachedBytes, listening } from "../served.mjs";

const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, cachedBytes.byteLength]), cachedBytes]);
const server = createServer();
server.on("stream", (stream) => {
  stream.on("data", () => undefined);
  stream.once("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(frame);
  });
});
await listening(server);
