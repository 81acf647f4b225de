// @ts-check
// A server for the examples, as a person starts it, with a project for each place where one runs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * @typedef {object} ExampleServer
 * @property {string} url
 * @property {(place: number) => { home: string, project: string }} at the home of a user of that place, whose
 *   configuration names the server and a project of its own
 * @property {() => Promise<void>} stop
 */

/**
 * Resolves once the server is ready.
 * @param {{ root: string, folder: string, python: string, places: number }} options `folder` keeps everything
 * @returns {Promise<ExampleServer>}
 */
export async function startServer({ root, folder, python, places }) {
  const projects = Array.from({ length: places }, (_, place) => `examples-${place}`);
  const child = spawn(
    process.execPath,
    [
      path.join(root, "manager", "dist", "main.js"),
      "serve",
      "--port",
      "0",
      "--data-dir",
      path.join(folder, "data"),
      "--log-level",
      "warn",
    ],
    {
      env: {
        PATH: [path.dirname(python), process.env["PATH"]].join(path.delimiter),
        HOME: folder,
        TMPDIR: folder,
        LANG: "C.UTF-8",
        FLYTE_DATAPLANE_RUNS_SEED_PROJECTS: ["flytesnacks", ...projects].join(","),
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [, url = "", port = ""] = await ready(child);
  projects.forEach((project, place) => {
    const configuration = path.join(folder, `home-${place}`, ".flyte");
    mkdirSync(configuration, { recursive: true });
    writeFileSync(
      path.join(configuration, "config.yaml"),
      `admin:\n  endpoint: dns:///localhost:${port}\n  insecure: true\ntask:\n  project: ${project}\n  domain: development\n`,
    );
  });
  return {
    url,
    at: (place) => ({ home: path.join(folder, `home-${place}`), project: projects[place] ?? "flytesnacks" }),
    stop: async () => {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "close");
    },
  };
}

/**
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>} child
 * @returns {Promise<RegExpMatchArray>} URL and port
 */
async function ready(child) {
  let printed = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    printed += String(text);
    const match = /ready on (http:\/\/localhost:(\d+))/.exec(printed);
    if (match !== null) {
      child.stdout.resume();
      return match;
    }
  }
  throw new Error(`the server ended before it was ready:\n${printed}`);
}
