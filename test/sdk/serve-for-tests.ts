/** One server for all files of the suite, as a person starts it: on a free port, with a data directory and a home of its own. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { emptyHome } from "../e2e/server-process.ts";
import { startSdkServer } from "./sdk-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The Python interpreter that has the SDK. */
    sdkPython: string;
    /** A checkout of the SDK's repository, or empty. */
    sdkCheckout: string;
    /** `http://localhost:<port>` of the server. */
    serverUrl: string;
    /** Home of the SDK's user, with its configuration; gone after the suite. */
    sdkHome: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await emptyHome();
  const python = project.getProvidedContext().sdkPython;
  const server = await startSdkServer({ python, home: home.path });
  await mkdir(join(home.path, ".flyte"));
  await writeFile(
    join(home.path, ".flyte", "config.yaml"),
    [
      "admin:",
      `  endpoint: dns:///localhost:${server.port}`,
      "  insecure: true",
      "task:",
      "  project: flytesnacks",
      "  domain: development",
      "",
    ].join("\n"),
  );
  project.provide("serverUrl", server.url);
  project.provide("sdkHome", home.path);
  return async () => {
    const code = await server.stop();
    await home.remove();
    const printed = server.run.stderr();
    if (code !== 0 || printed.includes('"level":"error"'))
      throw new Error(`the server ended with ${code}:\n${printed}`);
  };
}
