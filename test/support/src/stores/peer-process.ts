/** A server that is not ours, run for one suite: a process that ends when we do, however that comes. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface PeerProcess {
  readonly pid: number;
  /** What it printed last, for a message when something goes wrong. */
  said(): string;
  /** Rejects with its own words once it has ended by itself; never resolves. */
  readonly ended: Promise<never>;
  /** Kills it; its data are of no further use. Safe to call twice. */
  stop(): Promise<void>;
}

export interface PeerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Removed once the process has ended. */
  readonly directory?: string;
}

/**
 * The shell between us and the server outlives us by a moment: when we are gone its input ends, and it kills the server
 * and removes the directory.
 */
const keeper = `
# The shell tells of a killed child, by then to nobody.
trap : PIPE
exec 3<&0
directory=$1; shift
"$@" </dev/null &
server=$!
echo $server
{ read -r word <&3; kill -KILL $server; } 2>/dev/null &
wait $server
status=$?
[ -z "$directory" ] || rm -rf "$directory"
exit $status`;

/** Resolves once the process runs, which says nothing of its readiness. */
export async function startPeerProcess({ program, args, env, directory = "" }: PeerCommand): Promise<PeerProcess> {
  const shell = spawn("/bin/sh", ["-c", keeper, "sh", directory, program, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    // Extra certificates cost start-up time and break some servers; nothing here leaves the loopback.
    env: { ...withoutCertificates(process.env), ...env },
    // Out of reach of Ctrl-C, which would end the keeper before its work.
    detached: true,
  });
  let said = "";
  const hear = (text: string): void => {
    said = (said + text).slice(-10_000);
  };
  shell.stderr.setEncoding("utf8").on("data", hear);
  shell.stdout.setEncoding("utf8");
  shell.stdin.on("error", () => undefined);
  const exited = once(shell, "exit");
  const ended = exited.then(() => Promise.reject(new Error(`${program} ended:\n${said}`)));
  // Whoever waits for readiness listens; afterwards an end is seen by the tests themselves.
  ended.catch(() => undefined);
  const first: unknown[] = await Promise.race([once(shell.stdout, "data"), ended]);
  const [line = "", ...rest] = String(first[0]).split("\n");
  hear(rest.join("\n"));
  shell.stdout.on("data", hear);
  return {
    pid: Number(line),
    said: () => said,
    ended,
    stop: async () => {
      shell.stdin.end("stop\n");
      await exited;
    },
  };
}

function withoutCertificates(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _extra, AWS_CA_BUNDLE: _bundle, ...rest } = env;
  return rest;
}
