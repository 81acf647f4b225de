import type { Config } from "@flyte-dataplane/runtime/config";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { examine } from "../doctor/examine.ts";
import { type Finding, look } from "../doctor/finding.ts";
import { loadSettings } from "../settings.ts";
import { dataDirectory, type Machine } from "./places.ts";
import { findServer } from "./running.ts";
import { type ServeOptions, settingFlags } from "./serve.ts";

export interface DoctorOptions extends Omit<ServeOptions, "logLevel"> {
  readonly json?: boolean;
}

/** Looks at everything that a server needs; 0 where nothing is wrong, 1 otherwise. Warnings alone are nothing wrong. */
export async function doctor(machine: Machine, options: DoctorOptions): Promise<number> {
  const findings = await diagnose(machine, options);
  const count = (state: Finding["state"]): number => findings.filter((finding) => finding.state === state).length;
  const faults = count("fault");
  if (options.json === true) {
    machine.say(JSON.stringify({ healthy: faults === 0, findings }, undefined, 2));
  } else {
    const width = Math.max(...findings.map(({ check }) => check.length));
    for (const { state, check, told } of findings) machine.say(`${marks[state]}  ${check.padEnd(width)}  ${told}`);
    machine.say(`${count("ok")} ok, ${faults} faults, ${count("warning")} warnings, ${count("skipped")} not looked at`);
  }
  return faults === 0 ? 0 : 1;
}

/** Read without colours, too. */
const marks: Readonly<Record<Finding["state"], string>> = {
  ok: "ok     ",
  warning: "WARNING",
  fault: "FAULT  ",
  skipped: "-      ",
};

/** Without settings that can be read there is nothing else to look at. */
async function diagnose(machine: Machine, options: DoctorOptions): Promise<readonly Finding[]> {
  let config: Config | undefined;
  const settings = await look(systemClock, "config", async () => {
    config = await loadSettings({
      env: machine.env,
      flags: settingFlags(options),
      ...(options.config !== undefined && { file: options.config }),
    });
    const set = config.origins.filter(({ source }) => source !== "default").length;
    return `${set} settings are not at their defaults; config --changed names them`;
  });
  if (config === undefined) return [settings];
  const directory = dataDirectory(machine, options.dataDir);
  const server = await findServer(directory);
  return [settings, ...(await examine({ config, machine, directory, server, clock: systemClock }))];
}
