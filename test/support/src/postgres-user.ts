/** PostgreSQL refuses to run as root: who it runs as instead. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface ServerUser {
  /** Distinguishes directories that belong to different users. */
  readonly name: string;
  /** How to run `program` as this user. */
  command(
    program: string,
    args: readonly string[],
  ): {
    readonly command: string;
    readonly args: readonly string[];
    readonly options: { readonly uid?: number; readonly gid?: number };
  };
  /** Gives a directory tree to this user. */
  own(path: string): Promise<void>;
}

const run = promisify(execFile);
const nobody = 65534;

export async function asServerUser(): Promise<ServerUser> {
  const uid = process.getuid?.() ?? -1;
  if (uid !== 0) {
    return {
      name: String(uid),
      command: (command, args) => ({ command, args, options: {} }),
      own: async () => undefined,
    };
  }
  const mapped = ["--user", `--map-user=${nobody}`, `--map-group=${nobody}`];
  const namespaces = await run("unshare", [...mapped, "true"]).then(
    () => true,
    () => false,
  );
  if (namespaces) {
    return {
      name: "0",
      command: (program, args) => ({ command: "unshare", args: [...mapped, program, ...args], options: {} }),
      own: async () => undefined,
    };
  }
  return {
    name: String(nobody),
    command: (command, args) => ({ command, args, options: { uid: nobody, gid: nobody } }),
    own: async (path) => void (await run("chown", ["-R", `${nobody}:${nobody}`, path])),
  };
}
