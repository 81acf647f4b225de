/** What programs of ours need beside themselves, asked before the first start that its absence would spoil. */
import { spawn } from "node:child_process";
import type { Launch } from "./container-launch.ts";

export interface Requirement {
  /** Ends with 0 where it is met. */
  readonly words: readonly string[];
  /** What to tell where it is not, and how to mend it. */
  readonly otherwise: string;
}

/** No answer within this time counts as a refusal. */
const patienceMs = 60_000;

export class Requirements {
  readonly #byProgram: Readonly<Record<string, Requirement>>;
  /** Program and search path; what is missing may be installed at any time, so only a good answer is kept. */
  readonly #met = new Set<string>();

  constructor(byProgram: Readonly<Record<string, Requirement>>) {
    this.#byProgram = byProgram;
  }

  /** Why the program cannot run as it would be launched; its working directory must exist. */
  async unmet(launch: Launch): Promise<string | undefined> {
    const { program = "", environment } = launch;
    const requirement = this.#byProgram[program];
    if (requirement === undefined) return undefined;
    const key = `${program}\0${environment.get("PATH") ?? ""}`;
    if (this.#met.has(key)) return undefined;
    if (!(await succeeds(requirement.words, launch))) return requirement.otherwise;
    this.#met.add(key);
    return undefined;
  }
}

function succeeds([program = "", ...rest]: readonly string[], launch: Launch): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      cwd: launch.workingDirectory,
      env: Object.fromEntries(launch.environment),
      stdio: "ignore",
      timeout: patienceMs,
      killSignal: "SIGKILL",
    });
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
}
