/** The server over TLS: which HTTP is agreed on, and a certificate that is renewed under it. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serve } from "./listening-server.ts";

let folder: string;
const named = (name: string) => ({ certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}-key.pem`) });

/** A certificate for localhost that vouches for itself, whose subject is `name`. */
function makeIdentity(name: string): void {
  const { certFile, keyFile } = named(name);
  const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1".split(" ");
  const about = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...made, ...about, "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tls-"));
  for (const name of ["first", "second"]) makeIdentity(name);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Connects as a client that speaks `protocols`, and leaves. */
async function shakeHands(port: number, protocols: string[]): Promise<{ agreed: unknown; subject: string }> {
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const open = connect({ host: "localhost", port, rejectUnauthorized: false, ALPNProtocols: protocols }, () =>
      resolve(open),
    );
    open.once("error", reject);
  });
  const subject = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return { agreed: socket.alpnProtocol, subject: String(subject) };
}

describe("over TLS", () => {
  test.each([
    { offered: ["h2", "http/1.1"], agreed: "h2" },
    { offered: ["http/1.1"], agreed: "http/1.1" },
    { offered: [], agreed: false },
  ])("a client that offers $offered is answered in $agreed", async ({ offered, agreed }) => {
    const server = await serve({ tls: named("first") });
    expect(server.urls[0]).toMatch(/^https:/);
    expect((await shakeHands(server.port, offered)).agreed).toBe(agreed);
  });

  test("Connect over HTTP/1.1 and gRPC over HTTP/2 reach one port", async () => {
    const server = await serve({ tls: named("first") });
    const baseUrl = `https://localhost:${server.port}`;
    const nodeOptions = { ca: readFileSync(named("first").certFile) };
    for (const transport of [
      createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions }),
      createGrpcTransport({ baseUrl, nodeOptions }),
    ]) {
      const answer = await createClient(RunService, transport).getRunDetails({ runId: { name: "r" } });
      expect(answer.details?.action?.id?.name).toBe("r");
    }
  });

  test("a certificate that is replaced is shown to the next caller, a half-written one never", async () => {
    const files = named("current");
    const put = (name: string): void => {
      copyFileSync(named(name).certFile, files.certFile);
      copyFileSync(named(name).keyFile, files.keyFile);
    };
    put("first");
    // Time passes when the test says so.
    const waits: (() => void)[] = [];
    const tick = async (): Promise<void> => {
      await expect.poll(() => waits.length).toBeGreaterThan(0);
      waits.splice(0).forEach((wake) => wake());
      await expect.poll(() => waits.length).toBeGreaterThan(0);
    };
    const clock = { now: () => Date.now(), sleep: () => new Promise<void>((resolve) => waits.push(resolve)) };
    const server = await serve({ tls: files, clock });
    const subject = async () => (await shakeHands(server.port, ["http/1.1"])).subject;
    expect(await subject()).toBe("first");
    writeFileSync(files.certFile, readFileSync(named("second").certFile).subarray(0, 100));
    await tick();
    expect(await subject()).toBe("first");
    put("second");
    await tick();
    expect(await subject()).toBe("second");
    waits.splice(0).forEach((wake) => wake());
    const closing = server.close();
    const pump = setInterval(() => waits.splice(0).forEach((wake) => wake()), 10);
    await closing;
    clearInterval(pump);
  });

  test("files that do not belong together are refused by name before the server listens", async () => {
    const files = { certFile: named("first").certFile, keyFile: named("second").keyFile };
    await expect(serve({ tls: files })).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining(files.keyFile) as string,
    });
  });
});
