import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TlsOptions } from "node:tls";
import { DataPlaneError } from "@flyte-dataplane/core";
import { onTestFinished } from "vitest";
import { createWireClient } from "../../src/wire/client.ts";
import type { WireClient, WireOptions, WireRequest, WireResponse } from "../../src/wire/exchange.ts";
import { type Script, type ScriptedServer, startScripted } from "./scripted-server.ts";

export interface Bench {
  readonly server: ScriptedServer;
  readonly client: WireClient;
  /** Sends a request to the server, a GET of `/` unless told otherwise. */
  send(changes?: Partial<WireRequest>): Promise<WireResponse>;
}

/** A scripted server and a client, both gone when the test is over. */
export async function benchWith(script: Script, options: Partial<WireOptions> = {}, tls?: TlsOptions): Promise<Bench> {
  const server = await startScripted(script, tls);
  const client = createWireClient({ writes: "async", ...options });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  return {
    server,
    client,
    send: async (changes = {}) =>
      await client.send({ method: "GET", origin: server.origin, target: "/", headers: {}, ...changes }),
  };
}

export interface ScratchFile {
  readonly fd: number;
  content(): Promise<Buffer>;
}

/** An empty file of the test's own. */
export async function scratchFile(content?: Uint8Array): Promise<ScratchFile> {
  const folder = await mkdtemp(path.join(tmpdir(), "wire-"));
  const file = path.join(folder, "file");
  const handle = await open(file, "w+");
  if (content !== undefined) await handle.writeFile(content);
  onTestFinished(async () => {
    await handle.close();
    await rm(folder, { recursive: true });
  });
  return { fd: handle.fd, content: async () => await readFile(file) };
}

/** Bytes in which a displaced block shows. */
export function pattern(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(at, at);
  return bytes.fill(1, size - (size % 4));
}

/** What `promise` rejects with, which must be one of our own errors. */
export async function failureOf(promise: Promise<unknown>): Promise<DataPlaneError> {
  const error = await promise.then(
    () => "it succeeded",
    (thrown: unknown) => thrown,
  );
  if (error instanceof DataPlaneError) return error;
  throw new Error(`expected a failure, got ${String(error)}`);
}
