/** The database server in the data directory dies while the server works: it comes back by itself. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ProjectService } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { expect, test } from "vitest";
import { emptyHome, processesNaming, runMain } from "./server-process.ts";

test("the embedded database is started again after it was killed, with what was committed", async () => {
  const home = await emptyHome();
  const data = join(home.path, "data");
  const server = runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "error"], {
    HOME: home.path,
    TMPDIR: home.path,
  });
  const url = (await server.printed(/ready on (http:\/\/localhost:\d+)/))[1] ?? "";
  const projects = createClient(ProjectService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  const ready = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).ok;
  /** Undefined while there is none. */
  const postmaster = async (): Promise<number | undefined> => {
    const lines = (await readFile(join(data, "postgres", "postmaster.pid"), "utf8").catch(() => "")).split("\n");
    return lines[7]?.trim() === "ready" ? Number(lines[0]) : undefined;
  };

  for (const id of ["first", "second"]) {
    await projects.createProject({ project: { id, name: id } });
    const before = await postmaster();
    if (before === undefined) throw new Error("no database server runs");
    process.kill(before, "SIGKILL");
    const another = async (): Promise<boolean> => ![undefined, before].includes(await postmaster()) && (await ready());
    await expect.poll(another, { timeout: 60_000, interval: 50 }).toBe(true);
    expect((await projects.getProject({ id })).project?.name).toBe(id);
  }
  expect(server.stderr()).toContain("database server died; starting it again");

  server.child.kill("SIGTERM");
  expect(await server.ended, server.stderr()).toBe(0);
  expect(await processesNaming(data)).toEqual([]);
  await home.remove();
});
