import type { Logger } from "@flyte-dataplane/core";
import type { Stores } from "@flyte-dataplane/storage";
import type { CopilotBehaviour } from "../config/settings.ts";
import type { ProcessPorts } from "../ports.ts";
import type { Locate } from "../store/locations.ts";
import type { Tally } from "../tally.ts";

/** What the configuration gives to a command. */
export interface RunContext {
  readonly ports: ProcessPorts;
  readonly log: Logger;
  readonly stores: Stores;
  readonly locate: Locate;
  readonly tally: Tally;
  readonly settings: CopilotBehaviour;
  /** Object name of the error document. */
  readonly errorName: string;
}
