/** The command line: what there is, what it does, and examples. Each command gives an exit code. */

import { configReference } from "@flyte-dataplane/runtime/config";
import { Command, CommanderError } from "commander";
import { type ConfigCommandOptions, config } from "./commands/config.ts";
import { type DemoCommandOptions, demo } from "./commands/demo.ts";
import { type DoctorOptions, doctor } from "./commands/doctor.ts";
import { type GcOptions, gc } from "./commands/gc.ts";
import type { Machine } from "./commands/places.ts";
import { reset } from "./commands/reset.ts";
import { type ServeOptions, serve } from "./commands/serve.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";
import { howToSet, sections } from "./settings.ts";
import { version } from "./version.ts";

const dataDir = [
  "--data-dir <directory>",
  "where everything is kept (default: $XDG_DATA_HOME/flyte-dataplane; as root /var/lib/flyte-dataplane)",
] as const;

function settingsHelp(): string {
  return `\n${howToSet.replaceAll("`", "")}\n\n${configReference(sections)}`;
}

/** As for every fault that the caller can mend. */
const usageFault = 2;

/** Runs `argv` (without program names) and resolves with the exit code of the command that ran, 2 if none could. */
export async function runProgram(argv: readonly string[], machine: Machine): Promise<number> {
  let code = 0;
  const run =
    <O>(command: (machine: Machine, options: O) => Promise<number>) =>
    async (options: O): Promise<void> => {
      code = await command(machine, options);
    };

  const program = new Command("flyte-dataplane")
    .description("Everything that moves and keeps a Flyte 2 task's data, in one process.")
    .version(`flyte-dataplane ${version} (Node ${process.versions.node})`, "-V, --version")
    .exitOverride()
    .showHelpAfterError("(see flyte-dataplane --help)")
    .addHelpText(
      "after",
      `
Examples:
  flyte-dataplane demo                     run the main job once and clean up
  flyte-dataplane serve                    start every service on http://localhost:30080
  flyte-dataplane serve --port 0           the same on a free port
  flyte create config --endpoint localhost:30080 --insecure --project flytesnacks --domain development
                                           point the Flyte SDK and CLI at it`,
    );

  program
    .command("serve")
    .description("start every service and stay until Ctrl-C")
    .option("-p, --port <port>", "port to listen on; 0 picks a free one (default: 30080)")
    .option("--host <address>", "address to listen on (default: localhost, both loopback families)")
    .option(...dataDir)
    .option("-c, --config <file>", "YAML configuration (default: $FLYTE_DATAPLANE_CONFIG)")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: info)")
    .addHelpText("after", settingsHelp)
    .action(run<ServeOptions>(serve));
  program
    .command("config")
    .description("show every setting, its value and where that comes from; below, what each decides")
    .option("-c, --config <file>", "YAML configuration (default: $FLYTE_DATAPLANE_CONFIG)")
    .option("--changed", "only settings that something sets")
    .option("--json", "as a list of { name, value, source }; durations in milliseconds, sizes in bytes")
    .option("--page", "print the reference as a page of Markdown instead")
    .addHelpText("after", settingsHelp)
    .action(run<ConfigCommandOptions>(config));
  program
    .command("doctor")
    .description("look at everything a server needs, and say in words what is wrong and what to do")
    .option("-p, --port <port>", "port that is to be free (default: 30080)")
    .option("--host <address>", "address to listen on (default: localhost, both loopback families)")
    .option(...dataDir)
    .option("-c, --config <file>", "YAML configuration (default: $FLYTE_DATAPLANE_CONFIG)")
    .option("--json", "as { healthy, findings: [{ check, state, told }] }")
    .action(run<DoctorOptions>(doctor));
  program
    .command("demo")
    .description("run a raw container task end to end on a server of its own")
    .option("--data-dir <directory>", "keep everything there (default: a directory that is removed afterwards)")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: warn)")
    .action(run<DemoCommandOptions>(demo));
  program
    .command("status")
    .description("say whether a server runs on the data directory, and whether it is ready")
    .option(...dataDir)
    .action(run(status));
  program
    .command("stop")
    .description("stop the server of the data directory and wait for its end")
    .option(...dataDir)
    .action(run(stop));
  program
    .command("gc")
    .description("remove working directories and logs of pods that ended long ago")
    .option(...dataDir)
    .option("--older-than <age>", "such as 7d or 12h", "7d")
    .action(run<GcOptions>(gc));
  program
    .command("reset")
    .description("remove every run, file and log of the data directory")
    .option(...dataDir)
    .option("--yes", "really remove them")
    .action(run(reset));

  for (const command of program.commands) command.showHelpAfterError(`(see flyte-dataplane ${command.name()} --help)`);
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    // What there is to say has been printed: help and version are no fault, everything else is one of usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageFault;
    throw error;
  }
  return code;
}
