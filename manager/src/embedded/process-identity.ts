/** Which process a pid means: pids are used again, a pid together with its start is not. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

export interface ProcessIdentity {
  readonly pid: number;
  /** When the kernel started it, in the kernel's own words; compared, never read. */
  readonly started: string;
}

/** The process that now has `pid`; undefined when there is none or only its unreaped exit status is left. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === "linux" ? await startedLinux(pid) : await startedElsewhere(pid);
  return started === undefined ? undefined : { pid, started };
}

/** True while the very process lives. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.started === identity.started;
}

/** The command line of a live process, its words joined by blanks. */
export async function commandLine(pid: number): Promise<string> {
  if (process.platform !== "linux") return run("ps", ["-o", "args=", "-p", String(pid)]);
  return readFile(`/proc/${pid}/cmdline`, "utf8").then(
    (text) => text.split("\0").join(" ").trim(),
    () => "",
  );
}

async function startedLinux(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may hold anything; the fields after it are the state and, 19 on, the start.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    // Ticks count from the boot, so the boot belongs to the start.
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()}/${fields[19] ?? ""}`;
  } catch {
    return undefined;
  }
}

async function startedElsewhere(pid: number): Promise<string | undefined> {
  const line = await run("ps", ["-o", "stat=,lstart=", "-p", String(pid)]);
  return line === "" || line.startsWith("Z") ? undefined : line.replace(/^\S+\s+/, "");
}

async function run(command: string, args: readonly string[]): Promise<string> {
  return promisify(execFile)(command, [...args], { env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } }).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
}
