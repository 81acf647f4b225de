import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startTestPostgres } from "./postgres.ts";

function socketOf(url: string): string {
  return `${new URL(url).searchParams.get("host") ?? ""}/.s.PGSQL.5432`;
}

async function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

test("two servers at once have sockets and data of their own, and stop leaves neither process nor files", async () => {
  const servers = await Promise.all([startTestPostgres(), startTestPostgres()]);
  const [a, b] = servers;
  expect(a.url).not.toBe(b.url);
  expect(await answers(socketOf(a.url))).toBe(true);
  expect(await answers(socketOf(b.url))).toBe(true);
  await a.restart();
  expect(await answers(socketOf(a.url))).toBe(true);
  await Promise.all(servers.map((server) => server.stop()));
  for (const server of servers) {
    expect(await answers(socketOf(server.url))).toBe(false);
    await expect(stat(new URL(server.url).searchParams.get("host") ?? "")).rejects.toThrow("ENOENT");
    await expect(promisify(execFile)("kill", ["-0", String(server.pid)])).rejects.toThrow();
  }
});

test("a server goes, data and all, when the process that started it is killed", async () => {
  const program = `
    import { startTestPostgres } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
    console.log((await startTestPostgres()).url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = line.toString().trim();
  expect(await answers(socketOf(url))).toBe(true);
  child.kill("SIGKILL");
  await expect
    .poll(() =>
      stat(new URL(url).searchParams.get("host") ?? "").then(
        () => "there",
        () => "gone",
      ),
    )
    .toBe("gone");
  expect(await answers(socketOf(url))).toBe(false);
});
