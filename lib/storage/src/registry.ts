import { type Clock, DataPlaneError, type StorageScheme, type StorageUri } from "@flyte-dataplane/core";
import type { Driver } from "./driver.ts";
import type { FileConfig } from "./drivers/file/config.ts";
import type { S3Settings } from "./drivers/s3/open.ts";
import { type NetworkOptions, proxyOf } from "./network.ts";

/** What drivers are opened with. */
export interface DriverSettings {
  readonly clock: Clock;
  readonly file: FileConfig;
  /** Absent: nothing outside this machine is reached. */
  readonly network?: NetworkOptions;
  readonly s3?: S3Settings;
}

export interface Registry {
  /** Opens the driver for a URI's scheme and bucket. Rejects with `unimplemented`, naming the scheme, where none exists. */
  open(uri: StorageUri): Promise<Driver>;
  /** Opens the driver that reads a web server. Rejects with `unimplemented` without a network. */
  openWeb(origin: string): Promise<Driver>;
}

type Load = (uri: StorageUri) => Promise<Driver>;

/** A driver's code is loaded when the first URI asks for it, not before; nothing is shared but what `settings` share. */
export function createRegistry(settings: DriverSettings): Registry {
  const { clock, file, network, s3 = {} } = settings;
  const openS3 =
    network === undefined
      ? undefined
      : once(async () => {
          const { createS3Opener } = await import("./drivers/s3/open.ts");
          return await createS3Opener(s3, network, clock);
        });
  /** Every scheme of `StorageUri`, by name. */
  const drivers: Readonly<Record<StorageScheme, Load>> = {
    file: async () => (await import("./drivers/file/driver.ts")).openFileDriver(file),
    mem: async () => (await import("./drivers/memory/driver.ts")).openMemoryDriver({ clock }),
    s3: openS3 === undefined ? absent : async ({ bucket }) => (await openS3())(bucket),
    gs: absent,
    abfs: absent,
    abfss: absent,
  };
  return {
    open: async (uri) => await drivers[uri.scheme](uri),
    async openWeb(origin) {
      if (network === undefined) throw new DataPlaneError("unimplemented", `open ${origin}: no network is set up`);
      const { createWireClient } = await import("./wire/client.ts");
      const { openHttpDriver } = await import("./drivers/http/driver.ts");
      const wire = createWireClient({ writes: network.writes, proxy: proxyOf(network.env), ...network.limits });
      return openHttpDriver({ origin }, { clock, wire });
    },
  };
}

async function absent(uri: StorageUri): Promise<never> {
  throw new DataPlaneError(
    "unimplemented",
    `open ${uri.scheme}://${uri.bucket}: no driver serves the scheme "${uri.scheme}"`,
  );
}

/** Runs `make` at the first call and again only after a failure: a file that was missing may be there later. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    const running = (made ??= make());
    running.catch(() => {
      made = undefined;
    });
    return running;
  };
}
