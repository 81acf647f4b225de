import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyHome, processesNaming, runMain } from "./server-process.ts";

test("a second Ctrl-C ends a server that still waits for a caller, and its database with it", async () => {
  const home = await emptyHome();
  const data = join(home.path, "data");
  const args = ["serve", "--port", "0", "--data-dir", data, "--log-level", "error"];
  const run = runMain(args, { HOME: home.path, TMPDIR: home.path });
  const port = Number((await run.printed(/ready on http:\/\/localhost:(\d+)/))[1]);
  // A call whose body never ends.
  const caller = connect(port, "127.0.0.1");
  caller.on("error", () => undefined);
  caller.write(
    "POST /flyteidl2.workflow.RunService/CreateRun HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: 100\r\n\r\nx",
  );
  await once(caller, "connect");
  run.child.kill("SIGINT");
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status)
    .not.toBe(200);
  run.child.kill("SIGINT");
  await run.ended;
  // The server tells its database to go at once; it does not wait for the last page of it.
  await expect.poll(() => processesNaming(data), { timeout: 5_000 }).toEqual([]);
  caller.destroy();
  await home.remove();
});
