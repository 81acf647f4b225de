/** Whether Pods can run as processes of this machine. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { localSection } from "../settings.ts";
import { runtimeRequirement } from "../task-runtime.ts";
import { type Answer, type Finding, fault, look, warning } from "./finding.ts";
import type { Patient } from "./patient.ts";

const run = promisify(execFile);

export async function checkCluster(patient: Patient): Promise<readonly Finding[]> {
  const { clock } = patient;
  return [
    await look(clock, "cluster/shell", (signal) => shell(patient, signal)),
    await look(clock, "cluster/copilot", (signal) => copilot(patient, signal)),
    await look(clock, "cluster/python", (signal) => python(patient, signal)),
  ];
}

async function shell({ machine: { env } }: Patient, signal: AbortSignal): Promise<Answer> {
  try {
    await run("/bin/sh", ["-c", "exit 0"], { env: { PATH: env["PATH"] }, signal });
    return "/bin/sh runs";
  } catch (error) {
    return fault(`/bin/sh does not run, and every container does by it: ${told(error)}`);
  }
}

async function copilot({ machine }: Patient, signal: AbortSignal): Promise<Answer> {
  const [program = "", ...rest] = machine.copilot;
  try {
    const { stdout } = await run(program, [...rest, "--version"], { env: { PATH: machine.env["PATH"] }, signal });
    return `${stdout.trim()} runs`;
  } catch (error) {
    return fault(`co-pilot does not run: ${told(error)}; install this program again`);
  }
}

/** Raw containers need none, so that it is no fault. */
async function python({ config, machine: { env } }: Patient, signal: AbortSignal): Promise<Answer> {
  const name = config.get(localSection).python;
  const {
    words: [program = "", ...rest],
    otherwise,
  } = runtimeRequirement(name);
  try {
    await run(program, rest, { env: { PATH: env["PATH"], HOME: env["HOME"] }, signal });
    return `${name} has the Flyte SDK`;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return warning(
      missing
        ? `there is no ${name}: Python tasks will not run; install it, or name another in local.python`
        : otherwise,
    );
  }
}

function told(error: unknown): string {
  return error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? "") : String(error);
}
