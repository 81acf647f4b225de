/** The Python that stands for the images of Python tasks on this machine (sdk-client.md 7.3). */
import type { Requirement } from "@flyte-dataplane/controller";

/** The program that the SDK's tasks name, a console script of its package. */
export const taskRuntime = "a0";

/** The same program without a search for the script: its first argument is its name again. */
export function runtimeWords(python: string): readonly string[] {
  return [python, "-m", "flyte._bin.runtime", taskRuntime];
}

/**
 * It loads the SDK and the task's own modules before it does anything: one to three seconds of a processor. Longer
 * where many start, but then each that is let in early only makes them slower together, for as long as the rest takes.
 */
export const runtimeWarmUpMs = 3_000;

/** Looks for the package without loading it, which would cost every server a second. */
export function runtimeRequirement(python: string): Requirement {
  const look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('flyte') is None)";
  return {
    words: [python, "-c", look],
    otherwise:
      `the Python of this server, "${python}", has no Flyte SDK: install it there (${python} -m pip install flyte), or ` +
      "start the server with local.python naming one that has it",
  };
}
