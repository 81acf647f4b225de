/** One server for all files of the suite, as a person starts it: on a free port, with a data directory and a home of its own. */
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { emptyHome, runMain } from "../e2e/server-process.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The Python interpreter that has the SDK. */
    sdkPython: string;
    /** `http://localhost:<port>` of the server. */
    serverUrl: string;
    /** Home of the SDK's user, with its configuration; gone after the suite. */
    sdkHome: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await emptyHome();
  const python = project.getProvidedContext().sdkPython;
  const server = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "warn"], {
    HOME: home.path,
    TMPDIR: home.path,
    PATH: [dirname(python), process.env["PATH"]].join(delimiter),
  });
  const [, url = "", port = ""] = await server.printed(/ready on (http:\/\/localhost:(\d+))/);
  await mkdir(join(home.path, ".flyte"));
  await writeFile(
    join(home.path, ".flyte", "config.yaml"),
    [
      "admin:",
      `  endpoint: dns:///localhost:${port}`,
      "  insecure: true",
      "task:",
      "  project: flytesnacks",
      "  domain: development",
      "",
    ].join("\n"),
  );
  project.provide("serverUrl", url);
  project.provide("sdkHome", home.path);
  return async () => {
    server.child.kill("SIGTERM");
    const code = await server.ended;
    await home.remove();
    if (code !== 0 || server.stderr().includes('"level":"error"'))
      throw new Error(`the server ended with ${code}:\n${server.stderr()}`);
  };
}
