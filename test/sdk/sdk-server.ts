/** A server whose tasks find the SDK's Python first, started as a person starts it. */
import { delimiter, dirname, join } from "node:path";
import { type Run, runMain } from "../e2e/server-process.ts";

export interface SdkServerOptions {
  /** The SDK's interpreter. */
  readonly python: string;
  /** Home and temporary directory; the data lie in `data` below it. */
  readonly home: string;
  /** Default: a free one. */
  readonly port?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface SdkServer {
  readonly run: Run;
  /** `http://localhost:<port>` */
  readonly url: string;
  readonly port: string;
  /** Resolves with the exit code or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

/** Resolves once it is ready. */
export async function startSdkServer(options: SdkServerOptions): Promise<SdkServer> {
  const { python, home, port: asked = "0", environment = {} } = options;
  const words = ["serve", "--port", asked, "--data-dir", join(home, "data"), "--log-level", "warn"];
  const run = runMain(words, {
    HOME: home,
    TMPDIR: home,
    PATH: [dirname(python), process.env["PATH"]].join(delimiter),
    ...environment,
  });
  const [, url = "", port = ""] = await run.printed(/ready on (http:\/\/localhost:(\d+))/);
  const stop = (signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> => {
    run.child.kill(signal);
    return run.ended;
  };
  return { run, url, port, stop };
}
