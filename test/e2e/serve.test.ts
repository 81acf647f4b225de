import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { emptyHome, processesNaming, type Run, runMain } from "./server-process.ts";

const ready = /ready on (http:\/\/localhost:(\d+))/;

describe("a server that stays up", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let data: string;
  let run: Run;
  let url: string;
  let port: number;
  beforeAll(async () => {
    home = await emptyHome();
    data = join(home.path, "data");
    run = runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "warn"], {
      HOME: home.path,
      TMPDIR: home.path,
    });
    const match = await run.printed(ready);
    url = match[1] ?? "";
    port = Number(match[2]);
  });
  afterAll(async () => {
    run.child.kill("SIGTERM");
    await run.ended;
    await home.remove();
  });

  test("answers on both loopback families", async () => {
    for (const host of ["127.0.0.1", "[::1]"]) expect((await fetch(`http://${host}:${port}/readyz`)).status).toBe(200);
  });

  test("is named by status, and refused to a second server in one line", async () => {
    const status = runMain(["status", "--data-dir", data], { HOME: home.path });
    expect(await status.ended, status.stdout()).toBe(0);
    expect(status.stdout()).toContain(`${url}, data in ${data}: ready`);
    const second = runMain(["serve", "--port", "0", "--data-dir", data], { HOME: home.path });
    expect(await second.ended).not.toBe(0);
    expect(second.stderr()).toMatch(
      new RegExp(`^flyte-dataplane: data directory ${data}: process ${run.child.pid} is using it; .*\n$`),
    );
    for (const command of [["reset", "--yes"], ["gc"]]) {
      const refused = runMain([...command, "--data-dir", data], { HOME: home.path });
      expect(await refused.ended).not.toBe(0);
      expect(refused.stderr()).toContain("is using it");
    }
  });

  test("refuses requests addressed to a foreign name", async () => {
    const answer = await raw(
      port,
      "POST /flyteidl2.workflow.RunService/CreateRun HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(answer).not.toContain("invalid_argument");
  });

  test("refuses requests of a page from elsewhere, preflighted or not", async () => {
    for (const headers of [{ origin: "http://evil.example" }, { origin: "null" }]) {
      const simple = await fetch(`${url}/flyteidl2.workflow.RunService/CreateRun`, {
        method: "POST",
        headers: { ...headers, "content-type": "text/plain" },
        body: "{}",
      });
      expect(simple.status).toBe(403);
      const preflight = await fetch(`${url}/flyteidl2.workflow.RunService/CreateRun`, {
        method: "OPTIONS",
        headers: { ...headers, "access-control-request-method": "POST" },
      });
      expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("a server that cannot start", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  beforeEach(async () => {
    home = await emptyHome();
  });
  afterEach(() => home.remove());
  const serve = (...args: string[]) => runMain(["serve", ...args], { HOME: home.path, TMPDIR: home.path });

  test("says in one line that the port is taken, and leaves no database behind", async () => {
    const other = await holdPort();
    const { port } = other.address() as AddressInfo;
    const data = join(home.path, "data");
    const run = serve("--port", String(port), "--data-dir", data, "--log-level", "silent");
    expect(await run.ended).not.toBe(0);
    expect(run.stderr()).toMatch(new RegExp(`^flyte-dataplane: [^\n]*${port}[^\n]*\n$`));
    expect(await processesNaming(data)).toEqual([]);
    // Seen before a database is made, which takes its time.
    expect(await readdir(data)).toEqual(["FORMAT"]);
    other.close();
  });

  test("does not touch a directory that is not its own", async () => {
    const data = join(home.path, "photos");
    await mkdir(data);
    await writeFile(join(data, "holiday.jpg"), "x");
    const run = serve("--port", "0", "--data-dir", data);
    expect(await run.ended).not.toBe(0);
    expect(run.stderr()).toMatch(/^flyte-dataplane: data directory [^\n]*holiday\.jpg[^\n]*\n$/);
    expect(await readdir(data)).toEqual(["holiday.jpg"]);
  });

  test("names every fault of its configuration at once", async () => {
    const file = join(home.path, "config.yaml");
    await writeFile(file, "server:\n  prot: 1\n  port: many\nrunz: {}\n");
    const run = serve("--config", file);
    expect(await run.ended).not.toBe(0);
    expect(run.stderr()).toMatch(/prot/);
    expect(run.stderr()).toMatch(/many/);
    expect(run.stderr()).toMatch(/runz/);
  });

  test("stop, status and reset of a directory without a server say so", async () => {
    const data = join(home.path, "data");
    const status = runMain(["status", "--data-dir", data], { HOME: home.path });
    expect(await status.ended).toBe(3);
    const stop = runMain(["stop", "--data-dir", data], { HOME: home.path });
    expect(await stop.ended).toBe(0);
    const reset = runMain(["reset", "--data-dir", data], { HOME: home.path });
    expect(await reset.ended).toBe(2);
    expect(reset.stderr()).toContain("--yes");
  });
});

test("stop ends a server, whose database goes with it", async () => {
  const home = await emptyHome();
  const data = join(home.path, "data");
  const run = runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "silent"], {
    HOME: home.path,
    TMPDIR: home.path,
  });
  await run.printed(ready);
  const stop = runMain(["stop", "--data-dir", data], { HOME: home.path });
  expect(await stop.ended, stop.stderr()).toBe(0);
  expect(await run.ended).toBe(0);
  expect(await processesNaming(data)).toEqual([]);
  const reset = runMain(["reset", "--yes", "--data-dir", data], { HOME: home.path });
  expect(await reset.ended, reset.stderr()).toBe(0);
  expect(await readdir(data)).toEqual([]);
  await home.remove();
});

async function holdPort(): Promise<Server> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** One request as bytes: a browser's fetch sets Host itself. */
async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    socket.end();
  });
  socket.write(request);
  await once(socket, "close");
  return text;
}
