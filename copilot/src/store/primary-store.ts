import { DataPlaneError } from "@flyte-dataplane/core";
import type { StoreSettings } from "./store-settings.ts";

/** The store of the task's data: all others are secondary. */
export type PrimaryStore =
  /** Nothing was said: every store that can be reached is as good as another. */
  | { readonly scheme: "any" }
  | { readonly scheme: "mem" }
  /** The one bucket that may be used; absent for all. */
  | { readonly scheme: "s3"; readonly bucket?: string }
  /** Absolute paths: of the folder that holds all that may be used, and of that whose folders are the buckets. */
  | { readonly scheme: "file"; readonly folder: string; readonly root: string };

/**
 * Decides which store the settings mean. Throws `unimplemented` for one that has no driver here, `invalid_argument` (origin
 * user) for settings that contradict one another or leave something out.
 */
export function primaryStore(settings: StoreSettings): PrimaryStore {
  const { type, container, multiContainer, chosen } = settings;
  if (!chosen) return { scheme: "any" };
  if (type === "mem") return { scheme: "mem" };
  if (type === "redis") throw unsupported(`storage.type "redis"`);
  const kind = settings.kind ?? (type === "local" ? "local" : "s3");
  if (kind !== "s3" && kind !== "local") throw unsupported(`storage.stow.kind ${JSON.stringify(kind.slice(0, 32))}`);
  if (type !== "stow" && (type === "local") !== (kind === "local")) {
    throw refuse(`storage.type "${type}" and storage.stow.kind "${kind}" contradict one another`);
  }
  if (kind === "local") return localStore(settings);
  // As other programs that read these settings have it, which so find a forgotten bucket before a task runs.
  if (container === "") throw refuse("storage.container, the bucket of the task's data, is missing");
  return multiContainer ? { scheme: "s3" } : { scheme: "s3", bucket: container };
}

/** Locations of files are plain paths here, so a bucket of this kind is a folder. */
function localStore({ config, container, multiContainer }: StoreSettings): PrimaryStore {
  const given = config.get("path") ?? "/";
  if (!given.startsWith("/")) throw refuse("storage.stow.config path is no absolute path");
  const root = folded(given);
  return { scheme: "file", root, folder: multiContainer || container === "" ? root : folded(`${root}/${container}`) };
}

function folded(folder: string): string {
  return `/${folder
    .split("/")
    .filter((part) => part !== "")
    .join("/")}`;
}

function unsupported(what: string): DataPlaneError {
  return new DataPlaneError(
    "unimplemented",
    `configure the store: ${what} has no driver yet; there are "s3" and "local"`,
    { origin: "user" },
  );
}

function refuse(why: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `configure the store: ${why}`, { origin: "user" });
}
