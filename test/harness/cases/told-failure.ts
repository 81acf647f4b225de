import type { Expected, World } from "../case.ts";
import { downloadFails } from "../model/predict-download.ts";

/** The failure is told, on the store and on stderr's last line; nothing describes the inputs. */
export const fails =
  (names: readonly string[], says: readonly string[] = []) =>
  ({ dialect }: World): Expected => ({
    ...downloadFails(dialect, names, dialect === "ours" ? { says } : {}),
    ...(dialect === "ours" && { lastLine: { has: says, matches: "^Error: " } }),
  });
