import type { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { readError, readTree, writeInputs } from "./documents.ts";
import { file } from "./download-run.ts";
import { inFolder, run } from "./program.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

/** Host and port of a server that answers so. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Result {
  readonly report: string;
  readonly tree: Readonly<Record<string, string>>;
}

async function stageFrom(
  address: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  let result: Result = { report: "", tree: {} };
  await inFolder(async (folder) => {
    const remote = await writeInputs(folder, { x: file(address) });
    const words = ["--from-remote", remote, "--to-output-prefix", `${folder}/out`, "--to-local-dir", `${folder}/in`];
    await run([...flags, "download", ...words], { env });
    result = { report: (await readError(`${folder}/out`))?.message ?? "", tree: await readTree(`${folder}/in`) };
  });
  return result;
}

describe("files from web servers", () => {
  it.each([301, 401, 403, 404, 410, 500])("that answer %d fail with the status [copilot B46]", async (status) => {
    const host = await serve((_request, response) => response.writeHead(status).end("<html>no file</html>"));
    const { report, tree } = await stageFrom(`http://${host}/f`, []);
    expect(report).toContain(`http://${host}/f`);
    expect(report).toContain(status.toString());
    expect(tree).toEqual({});
  });

  it("that stop in the middle are given up after the idle time [copilot B46]", async () => {
    const host = await serve((_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("x".repeat(500));
    });
    const { report, tree } = await stageFrom(`http://${host}/f`, ["--storage.defaultHttpClient.timeout=200ms"]);
    expect(report).toContain("nothing moved for 200 ms");
    expect(tree).toEqual({});
  });

  it("that take no connection are given up after the connect time [copilot B46]", async () => {
    await inDeafServer(async (port) => {
      const { report } = await stageFrom(`http://127.0.0.1:${port}/f`, ["--storage.defaultHttpClient.timeout=200ms"]);
      expect(report).toContain("200 ms");
      expect(report).toContain("connect");
    });
  });

  it("come through the proxy that the surroundings name, save from where they name none [copilot B46]", async () => {
    const asked: string[] = [];
    const proxy = await serve(({ url = "" }, response) => {
      asked.push(url);
      response.end("through the proxy");
    });
    const direct = await serve((_request, response) => response.end("direct"));
    const env = { http_proxy: `http://${proxy}`, no_proxy: "127.0.0.1" };
    expect((await stageFrom("http://data.example/f", [], env)).tree).toMatchObject({ x: "through the proxy" });
    expect((await stageFrom(`http://${direct}/f`, [], env)).tree).toMatchObject({ x: "direct" });
    expect(asked).toEqual(["http://data.example/f"]);
  });
});

/** A server whose queue of connections is full and stays so: it was stopped before it took one. */
async function inDeafServer(use: (port: number) => Promise<void>): Promise<void> {
  const script = `const s = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    console.log(s.address().port);
    process.kill(process.pid, "SIGSTOP");
  });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const waiting: Socket[] = [];
  try {
    const [text] = (await once(child.stdout, "data")) as [Buffer];
    const port = Number(text.toString());
    for (let count = 0; count < 4; count += 1) waiting.push(connect(port, "127.0.0.1").on("error", () => undefined));
    for (const socket of waiting.slice(0, 2)) if (socket.connecting) await once(socket, "connect");
    await use(port);
  } finally {
    for (const socket of waiting) socket.destroy();
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}
