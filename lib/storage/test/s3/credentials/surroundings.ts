import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { DataPlaneError, type Env } from "@flyte-dataplane/core";
import { afterEach } from "vitest";
import type { CredentialsConfig } from "../../../src/drivers/s3/credentials/config.ts";
import { createCredentials } from "../../../src/drivers/s3/credentials/create.ts";
import type { CredentialsProvider } from "../../../src/drivers/s3/credentials/credentials.ts";
import type { SourceDeps } from "../../../src/drivers/s3/credentials/source.ts";
import { createWireClient } from "../../../src/wire/client.ts";
import type { LoopbackServer } from "./loopback-server.ts";

/** A machine as a provider of credentials sees it: a home, an environment, a clock, and our own client for HTTP. */
export interface Surroundings {
  readonly home: string;
  /** Writes a file below the home; its path. */
  write(name: string, text: string): Promise<string>;
  provider(env: Env, config?: CredentialsConfig, others?: Partial<SourceDeps>): CredentialsProvider;
  now(): number;
  pass(ms: number): void;
  /** Waits that somebody asked for, in milliseconds; none takes time. */
  readonly waits: readonly number[];
}

const toClose: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** Removed after the test. */
export async function surroundings(): Promise<Surroundings> {
  const home = await mkdtemp(path.join(tmpdir(), "credentials-"));
  toClose.push(async () => await rm(home, { recursive: true }));
  const nowhere = await closedUrl();
  let now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const waits: number[] = [];
  return {
    home,
    async write(name, text) {
      const file = path.join(home, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
      return file;
    },
    provider: (env, config = { kind: "ambient" }, others = {}) =>
      createCredentials(config, {
        // The machine that runs the test may be an instance itself: its own services are never asked.
        env: { HOME: home, AWS_EC2_METADATA_SERVICE_ENDPOINT: nowhere, ...env },
        clock: {
          now: () => now,
          sleep: async (ms) => {
            waits.push(ms);
            await Promise.resolve();
          },
        },
        random: () => 0.5,
        // A busy machine may let a local answer wait for seconds; that time-outs are kept, the client's own tests show.
        connect: (options) => createWireClient({ ...options, connectTimeoutMs: 60_000, firstByteTimeoutMs: 60_000 }),
        wire: { writes: "async" },
        ...others,
      }),
    now: () => now,
    pass: (ms) => {
      now += ms;
    },
    waits,
  };
}

/** Closed after the test. */
export async function during<T extends LoopbackServer>(server: Promise<T>): Promise<T> {
  const open = await server;
  toClose.push(async () => await open.close());
  return open;
}

/** A port of this machine at which nobody listens. */
export async function closedUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

/** Stands for a network in which nobody answers, and notes who was called. */
export function silentNetwork(called: string[]): SourceDeps["connect"] {
  return () => ({
    send: async ({ origin, target }) => {
      called.push(`${origin}${target}`);
      return await Promise.reject(new DataPlaneError("unavailable", "nobody answers"));
    },
    close: async () => await Promise.resolve(),
  });
}

/** What a provider rejects with. */
export async function failureOf(caller: Promise<unknown>): Promise<unknown> {
  return await caller.then(
    () => "nothing failed",
    (error: unknown) => error,
  );
}
