import { type Clock, DataPlaneError, type StorageScheme, type StorageUri } from "@flyte-dataplane/core";
import type { Driver } from "./driver.ts";
import type { FileConfig } from "./drivers/file/config.ts";

/** What drivers are opened with. */
export interface DriverSettings {
  readonly clock: Clock;
  readonly file: FileConfig;
}

type Load = (uri: StorageUri, settings: DriverSettings) => Promise<Driver>;

/** Every scheme of `StorageUri`, by name. A driver's code is loaded when the first URI asks for it, not before. */
const drivers: Readonly<Record<StorageScheme, Load>> = {
  file: async (_uri, { file }) => (await import("./drivers/file/driver.ts")).openFileDriver(file),
  mem: async (_uri, { clock }) => (await import("./drivers/memory/driver.ts")).openMemoryDriver({ clock }),
  s3: absent,
  gs: absent,
  abfs: absent,
  abfss: absent,
};

/** Opens the driver for a URI's scheme and bucket. Rejects with `unimplemented`, naming the scheme, where none exists. */
export async function openDriver(uri: StorageUri, settings: DriverSettings): Promise<Driver> {
  return await drivers[uri.scheme](uri, settings);
}

async function absent(uri: StorageUri): Promise<never> {
  throw new DataPlaneError(
    "unimplemented",
    `open ${uri.scheme}://${uri.bucket}: no driver serves the scheme "${uri.scheme}"`,
  );
}
