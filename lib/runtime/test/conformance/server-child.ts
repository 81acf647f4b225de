/**
 * A server under the runner of the official suite, a process of its own: the runner writes on its input how to listen,
 * reads from its output where it does, and ends it with SIGTERM. The argument is the file of descriptors.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Logger } from "@flyte-dataplane/core";
import { createMetrics, systemClock } from "../../src/lifecycle/index.ts";
import { createServer } from "../../src/server/index.ts";
import { conformanceMessages } from "./messages.ts";
import { conformanceService } from "./service.ts";

interface Wanted {
  readonly useTls: boolean;
  readonly messageReceiveLimit: number;
  readonly serverCreds?: { readonly cert: Uint8Array; readonly key: Uint8Array };
}

const messages = conformanceMessages(readFileSync(process.argv[2] ?? ""));
const wanted = fromBinary(messages.message("ServerCompatRequest"), await readSized()) as unknown as Wanted;
const folder = mkdtempSync(join(tmpdir(), "conformance-"));
const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
const { serverCreds } = wanted;
if (serverCreds !== undefined) {
  writeFileSync(files.certFile, serverCreds.cert);
  writeFileSync(files.keyFile, serverCreds.key);
}
// Whatever is logged here is a fault: the runner shows what a server says of itself.
const complain = (fields: unknown, text: string): void => void process.stderr.write(`${text} ${String(fields)}\n`);
const logger: Logger = { debug: quiet, info: quiet, warn: complain, error: complain, child: () => logger };
const server = await createServer({
  services: [{ name: "conformance", rpc: [conformanceService(messages)] }],
  host: "127.0.0.1",
  port: 0,
  ...(wanted.messageReceiveLimit === 0 ? {} : { maxMessageBytes: wanted.messageReceiveLimit }),
  ...(wanted.useTls ? { tls: files } : {}),
  clock: systemClock,
  logger,
  metrics: createMetrics(),
});
process.once("SIGTERM", () => {
  void server.close().then(() => rmSync(folder, { recursive: true }));
});
const answer = toBinary(
  messages.message("ServerCompatResponse"),
  create(messages.message("ServerCompatResponse"), {
    host: "127.0.0.1",
    port: server.port,
    ...(serverCreds === undefined ? {} : { pemCert: serverCreds.cert }),
  }),
);
const length = Buffer.alloc(4);
length.writeUInt32BE(answer.byteLength);
process.stdout.write(Buffer.concat([length, answer]));

function quiet(): void {}

/** Four bytes of length, the highest first, and as many of message. */
async function readSized(): Promise<Uint8Array> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, piece]);
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) break;
  }
  return bytes.subarray(4, 4 + bytes.readUInt32BE(0));
}
