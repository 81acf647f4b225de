import { readFile } from "node:fs/promises";

export interface OpenSockets {
  /** Connections that their opener has not closed, idle or not. */
  readonly held: readonly string[];
  /** Those with bytes that nobody fetches: bodies that a reader left without letting go of them. */
  readonly unread: readonly string[];
}

/** Established, and closed by the peer alone. */
const heldStates = new Set(["01", "08"]);

/** Connections from this machine to a port of its loopback, one line each. */
export async function socketsTo(port: number): Promise<OpenSockets> {
  // Elsewhere there is no such table; Linux is where every change is tested.
  if (process.platform !== "linux") return { held: [], unread: [] };
  const table = await readFile("/proc/self/net/tcp", "utf8");
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , to = "", state = ""]) => to.endsWith(remote) && heldStates.has(state))
    .map(([, from = "", , state = "", queues = ""]) => ({
      line: `socket: ${from} to port ${port}, state ${state}, queues ${queues}`,
      unread: !queues.endsWith(":00000000"),
    }));
  return {
    held: sockets.map(({ line }) => line),
    unread: sockets.filter(({ unread }) => unread).map(({ line }) => line),
  };
}
