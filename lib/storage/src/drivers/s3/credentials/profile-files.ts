import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import type { Env } from "@flyte-dataplane/core";
import { parseIni, type Sections } from "./ini.ts";
import { systemWord } from "./secret-file.ts";
import { unusable, variable } from "./source.ts";

/** Where the shared files are: `~/.aws/credentials` and `~/.aws/config`, or where the environment says. */
export interface ProfileFiles {
  readonly credentials: string;
  readonly config: string;
}

export function profileFiles(env: Env): ProfileFiles {
  const folder = path.join(variable(env, "HOME") ?? homedir(), ".aws");
  return {
    credentials: variable(env, "AWS_SHARED_CREDENTIALS_FILE") ?? path.join(folder, "credentials"),
    config: variable(env, "AWS_CONFIG_FILE") ?? path.join(folder, "config"),
  };
}

/** Settings by name; undefined where neither file knows the profile. The file of credentials has the last word. */
export async function readProfile(files: ProfileFiles, name: string): Promise<ReadonlyMap<string, string> | undefined> {
  const [config, credentials] = await Promise.all([readSections(files.config), readSections(files.credentials)]);
  const configured = profileIn(config, name);
  const secret = credentials.get(name);
  return configured === undefined && secret === undefined
    ? undefined
    : new Map([...(configured ?? []), ...(secret ?? [])]);
}

/** `[profile name]`, with quotes around a name of several words; the default may stand without the word. */
function profileIn(config: Sections, name: string): ReadonlyMap<string, string> | undefined {
  return (
    config.get(`profile ${name}`) ??
    config.get(`profile "${name}"`) ??
    config.get(`profile '${name}'`) ??
    (name === "default" ? config.get("default") : undefined)
  );
}

/** A file that is not there is empty; one that cannot be read hides what somebody meant. */
async function readSections(file: string): Promise<Sections> {
  try {
    return parseIni(await readFile(file, "utf8"));
  } catch (cause) {
    const word = systemWord(cause);
    if (word === "ENOENT" || word === "ENOTDIR") return new Map();
    throw unusable(`${file} cannot be read (${word})`, cause);
  }
}
