/** Connections by the thousand, and calls that are given up as soon as they are made. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { expect, test } from "vitest";
import { connectStream, healthy, serve, streamPath } from "./listening-server.ts";

test("streams that are reset as soon as they begin end their own connection at most", async () => {
  const server = await serve();
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  for (let round = 0; round < 50 && !session.destroyed; round += 1) {
    for (let each = 0; each < 100 && !session.destroyed; each += 1) {
      const stream = session.request({ ":method": "POST", ":path": streamPath, ...connectStream });
      stream.on("error", () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await healthy(server);
  session.destroy();
  expect(server.recorded.errors).toEqual([]);
});

// A thousand here; `npm run verify` opens ten thousand.
test("connections that stay silent after their call keep nobody from being answered", async () => {
  const server = await serve();
  const count = Number(process.env["IDLE_CONNECTIONS"] ?? "1000");
  const before = process.memoryUsage().rss;
  const child = spawn(
    process.execPath,
    ["--input-type=module", "-e", idleCallers, String(server.port), String(count)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  try {
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    expect(said.toString()).toBe(`${count} answered\n`);
    await healthy(server);
    expect((process.memoryUsage().rss - before) / count).toBeLessThan(100_000);
  } finally {
    child.kill();
    await once(child, "close");
  }
});

/** A process of its own, so that no process has both ends of each connection. */
const idleCallers = `
import { once } from "node:events";
import { connect } from "node:net";
const [port, count] = process.argv.slice(1).map(Number);
for (let opened = 0; opened < count; opened += 100) {
  await Promise.all(Array.from({ length: 100 }, async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n");
    await once(socket, "data");
  }));
}
console.log(count + " answered");
`;
