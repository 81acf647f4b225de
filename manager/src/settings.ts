/** What an operator may set for the whole process, and where the values come from. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type ApiConfig, apiSection } from "@flyte-dataplane/api";
import { cacheServiceSection } from "@flyte-dataplane/cache-service";
import { actionsSection, executorSection, pluginsSection } from "@flyte-dataplane/controller";
import { DataPlaneError, type Env } from "@flyte-dataplane/core";
import { dataproxySection } from "@flyte-dataplane/dataproxy";
import {
  bytes,
  type Config,
  choice,
  defineSection,
  duration,
  integer,
  loadConfig,
  type Section,
  text,
  texts,
} from "@flyte-dataplane/runtime/config";
import { databaseSection } from "@flyte-dataplane/runtime/database";
import type { LogLevel } from "@flyte-dataplane/runtime/lifecycle";
import { type CallLimits, proxiesFault, type TlsFiles } from "@flyte-dataplane/runtime/server";
import { storageSection } from "./storage/section.ts";

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly hostNames: readonly string[];
  readonly origins: readonly string[];
  /** Both or none. */
  readonly tls: TlsFiles;
  readonly drain: number;
  readonly linger: number;
  readonly trustedProxies: readonly string[];
  readonly limits: Omit<CallLimits, "lagMs"> & { readonly lag: number };
  readonly logLevel: LogLevel;
}

export interface LocalSettings {
  readonly python: string;
  readonly starts: number;
  readonly concurrency: number;
  /** Bytes. */
  readonly logBytes: number;
}

export const serverSection: Section<ServerSettings> = defineSection<ServerSettings>(
  "server",
  "Where and how this process answers.",
  {
    host: text({ doc: "Address to listen on; localhost means both loopback families.", default: "localhost" }),
    port: integer({ doc: "Port; 0 picks a free one and prints it.", default: 30080, min: 0, max: 65_535 }),
    hostNames: texts({ doc: "Names beside the loopback ones that requests may be addressed to.", default: [] }),
    origins: texts({ doc: "Pages that may call this server, as scheme://host[:port].", default: [] }),
    tls: {
      certFile: text({
        doc: "PEM file of a certificate and those that lead to a known authority: calls come over TLS. Read again when it changes.",
        default: "",
      }),
      keyFile: text({ doc: "PEM file of its private key, without a passphrase.", default: "" }),
    },
    drain: duration({ doc: "How long a stop waits for calls under way.", default: 10_000 }),
    linger: duration({
      doc: "How long a stop takes new calls before that, while /readyz says no already: what a load balancer needs to notice.",
      default: 0,
    }),
    trustedProxies: texts({
      doc: "Addresses and ranges (10.0.0.0/8) of proxies before this server: for the limits a caller is the last address in x-forwarded-for that is none of them.",
      default: [],
      check: proxiesFault,
    }),
    limits: {
      callsPerSecond: integer({
        doc: "Calls of one client per second; 0 sets no limit. A client is an address, of IPv6 a /64; behind a proxy all are one unless trustedProxies names it.",
        default: 0,
        min: 0,
        max: 1_000_000,
      }),
      burst: integer({
        doc: "Calls that a client may make at once before that holds; 0 stands for those of one second.",
        default: 0,
        min: 0,
        max: 1_000_000,
      }),
      streamsPerClient: integer({
        doc: "Streams that one client may have open; 0 sets no limit.",
        default: 10_000,
        min: 0,
        max: 1_000_000,
      }),
      inFlight: integer({
        doc: "Unary calls under way, of all clients; one more is unavailable. 0 sets no limit.",
        default: 10_000,
        min: 0,
        max: 1_000_000,
      }),
      lag: duration({
        doc: "How late the event loop may be before calls are unavailable; 0 sets no limit, right where tasks share the processors.",
        default: 0,
      }),
    },
    logLevel: choice<LogLevel>(["debug", "info", "warn", "error", "silent"], {
      doc: "Least severe lines written to standard error.",
      default: "info",
    }),
  },
);

export const localSection: Section<LocalSettings> = defineSection<LocalSettings>(
  "local",
  "How tasks run on this machine.",
  {
    python: text({
      doc: "Python that runs tasks, a path or a name on the PATH; it needs the Flyte SDK and all that the tasks import.",
      default: "python3",
    }),
    starts: integer({
      doc: "Tasks that start at once; one that runs does not count. 0 stands for twice the processors, at least 4.",
      default: 0,
      min: 0,
      max: 1000,
    }),
    concurrency: integer({
      doc: "Tasks that run at once at one depth of nesting; 0 stands for as many as half of the memory holds at 160 MiB each, at least 16.",
      default: 0,
      min: 0,
      max: 10_000,
    }),
    logBytes: bytes({
      doc: "How much of the disk the log of one container may take while it runs; past it the oldest part goes. 0 sets no bound. Linux only.",
      default: 256 * 1024 * 1024,
    }),
  },
);

export const sections: readonly Section<unknown>[] = [
  serverSection,
  storageSection,
  localSection,
  databaseSection,
  apiSection,
  dataproxySection,
  cacheServiceSection,
  actionsSection,
  executorSection,
  pluginsSection,
];

/** For people, before any list of the settings. */
export const howToSet = `A YAML file (\`--config\`, else the one that \`FLYTE_DATAPLANE_CONFIG\` names) holds settings by their keys. Texts in it may hold
\`\${NAME}\` for a variable, \`\${NAME:-otherwise}\`, and \`\${file:/path}\` for what stands in a file; \`$\${\` stands for \`\${\`. A variable wins
over the file. With \`_FILE\` behind its name it says which file holds the value: secrets need not stand in either. A flag of the
command wins over both. Lists are separated by commas, maps written \`a=1,b=2\`, durations \`90s\` or \`1h30m\`, sizes \`64Mi\` or \`10MB\`.
Unknown keys and variables are refused, and every fault is told before anything starts.`;

/** Variables with our prefix that name places rather than settings. */
const placeVariables = ["FLYTE_DATAPLANE_CONFIG", "FLYTE_DATAPLANE_DATA_DIR", "FLYTE_DATAPLANE_TOOLS"];

/** The reference gives each service a database of its own; here they share one. */
const aliases = { "runs.database": "database", "cache_service.database": "database" };

export interface SettingsSources {
  readonly env: Env;
  /** Path of a YAML file; `FLYTE_DATAPLANE_CONFIG` where absent. */
  readonly file?: string;
  /** By dotted name. */
  readonly flags: Readonly<Record<string, string>>;
}

/** Rejects with `invalid_argument` listing every fault, or naming the file that cannot be read. */
export async function loadSettings(sources: SettingsSources): Promise<Config> {
  const path = sources.file ?? sources.env["FLYTE_DATAPLANE_CONFIG"];
  const file = path === undefined || path === "" ? {} : { file: { path, text: await readText(path) } };
  const { env, flags } = sources;
  return loadConfig(sections, { ...file, env, flags, readText: readReferred, aliases, otherVariables: placeVariables });
}

/**
 * What the operator leaves open, this process knows: runs are stored under `base`, and whoever calls a server that only
 * this machine reaches is its user.
 */
export function apiConfig(config: Config, base: string, env: Env): ApiConfig {
  const isOpen = (name: string): boolean =>
    !config.origins.some((origin) => origin.name === name && origin.source !== "default");
  const onlyHere = loopbackHosts.has(config.get(serverSection).host);
  return {
    ...config.get(apiSection),
    ...(config.get(apiSection).storagePrefix === "" ? { storagePrefix: base } : {}),
    ...(isOpen("runs.anonymousSubject") && onlyHere
      ? { anonymousSubject: env["USER"] || env["LOGNAME"] || "local" }
      : {}),
  };
}

const loopbackHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/** For values that refer to a file; the name of the setting is put before the message. */
function readReferred(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new Error(`refers to ${path}, which cannot be read (${why})`, { cause: error });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new DataPlaneError(
      "invalid_argument",
      `read configuration ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { origin: "user", cause: error },
    );
  }
}
