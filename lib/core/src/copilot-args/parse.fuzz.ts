import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { integer, judge, oneOf, sentence } from "../../test/random-input.ts";
import { DataPlaneError } from "../errors.ts";
import { configFlags, downloadFlags, persistentFlags, sidecarFlags } from "./flag-table.ts";
import { parseCopilotArgs } from "./parse.ts";

const flags = [...downloadFlags, ...sidecarFlags, ...configFlags, ...persistentFlags];
const values = [
  "",
  "x",
  "1",
  "true",
  "1h",
  "-5",
  "AQI=",
  "AQI",
  "a=b",
  "a=b==",
  'a="b"=,c=d',
  '"a=b=",c',
  "validate",
  "é\0",
  "=",
  ",",
] as const;

/** Words are separated by a byte that no text holds, so that any word can be made. */
const separator = "\u{f0000}";

export const fuzzTarget: FuzzTarget = {
  name: "copilot-args",
  subject: "lib/core/src/copilot-args/parse.ts",
  generate: (random) => {
    const words = [oneOf(random, ["download", "sidecar", "config", "help", "completion", "ready", "constructor", ""])];
    for (let i = integer(random, 7); i > 0; i -= 1) {
      const flag = flags[integer(random, flags.length)];
      const value = oneOf(random, values);
      const kind = integer(random, 5);
      if (kind === 0) words.push(`--${flag?.name}`, value);
      else if (kind === 1) words.push(`--${flag?.name}=${value}`);
      else if (kind === 2) words.unshift(`--${flag?.name}=${value}`);
      else if (kind === 3) words.push(`-${flag?.short ?? "s"}${value}`);
      else words.push(sentence(random, 3, ["-", "--", "=", "x", "h", "s", ...values]));
    }
    return new TextEncoder().encode(words.join(separator));
  },
  run: (input) =>
    judge(
      () => {
        const { command, options } = parseCopilotArgs(new TextDecoder().decode(input).split(separator));
        if ("timeoutMs" in command && !(Number.isInteger(command.timeoutMs) && command.timeoutMs >= 0)) {
          throw new Error(`a time-out of ${command.timeoutMs}`);
        }
        for (const name of options.settings.keys()) {
          if (!flags.some((flag) => flag.name === name)) throw new Error(`setting ${name}`);
        }
      },
      (error) => error instanceof DataPlaneError && error.code === "invalid_argument" && error.origin === "user",
    ),
};
