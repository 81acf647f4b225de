/** The `runs` section: the keys an existing values file already has, and ours beside them. */
import {
  defineSection,
  duration,
  type Field,
  flag,
  integer,
  type Section,
  text,
  texts,
} from "@flyte-dataplane/runtime/config";

export interface DomainConfig {
  readonly id: string;
  readonly name: string;
}

export interface ApiConfig {
  /** Base of run inputs and outputs when the run names none; a storage URI or an absolute path. */
  readonly storagePrefix: string;
  /** Projects created when absent. */
  readonly seedProjects: readonly string[];
  /** The same for every project. */
  readonly domains: readonly DomainConfig[];
  /** Refuses runs in a domain that is not in `domains`. */
  readonly checkDomains: boolean;
  /** Whether identity headers are believed; only behind a proxy that sets them, or on loopback. */
  readonly trustForwardedIdentityHeaders: boolean;
  readonly identityHeaders: {
    readonly claimsJwtHeader: string;
    readonly subjectHeader: string;
    /** Empty: none. */
    readonly emailHeader: string;
  };
  /** Who callers without an identity are, as on a laptop; empty: nobody. */
  readonly anonymousSubject: string;
  readonly authMetadata: {
    readonly authorizationMetadataKey: string;
    readonly flyteClient: {
      readonly clientId: string;
      readonly redirectUri: string;
      readonly scopes: readonly string[];
      readonly audience: string;
    };
  };
  /** How long a watch keeps a terminal phase back until the event with its outputs or error is stored. */
  readonly terminalHoldMs: number;
  /** After how long without a message an idle watch sends one, so that proxies do not cut it; 0 never. */
  readonly watchKeepAliveMs: number;
  /** Shortest time between two messages of WatchActions. */
  readonly watchCoalesceMs: number;
  readonly delivery: {
    /** Calls under way at once, per kind (enqueue, abort). */
    readonly workers: number;
    /** Longest delay between two tries. */
    readonly maxDelayMs: number;
    /** How long one call may take before it counts as failed. */
    readonly callTimeoutMs: number;
  };
}

const domainList: Field<readonly DomainConfig[]> = {
  kind: "field",
  doc: "Domains of every project: maps of id and name, or as text `id:name,id:name`.",
  type: "list of domains",
  default: [
    { id: "development", name: "Development" },
    { id: "production", name: "Production" },
    { id: "staging", name: "Staging" },
  ],
  show: (domains) => domains.map(({ id, name }) => `${id}:${name}`).join(","),
  secret: false,
  parse: parseDomains,
};

export const apiSection: Section<ApiConfig> = defineSection<ApiConfig>("runs", "Runs, tasks, projects and identity.", {
  storagePrefix: text({
    doc: "Storage URI below which inputs and outputs of runs lie that name no place of their own; empty: that of the storage section.",
    default: "",
  }),
  seedProjects: texts({ doc: "Projects created when absent.", default: ["flytesnacks"] }),
  domains: domainList,
  checkDomains: flag({ doc: "Refuse runs in a domain that is not listed.", default: true }),
  trustForwardedIdentityHeaders: flag({ doc: "Believe identity headers.", default: true }),
  identityHeaders: {
    claimsJwtHeader: text({ doc: "Header with a claims token.", default: "X-Amzn-Oidc-Data" }),
    subjectHeader: text({ doc: "Header with the subject.", default: "X-Amzn-Oidc-Identity" }),
    emailHeader: text({ doc: "Header with the e-mail address; empty for none.", default: "" }),
  },
  anonymousSubject: text({ doc: "Who callers without an identity are; empty: nobody.", default: "" }),
  authMetadata: {
    authorizationMetadataKey: text({ doc: "Header clients put their token in.", default: "authorization" }),
    flyteClient: {
      clientId: text({ doc: "Client id handed to public clients.", default: "" }),
      redirectUri: text({ doc: "Redirect URI handed to public clients.", default: "" }),
      scopes: texts({ doc: "Scopes handed to public clients.", default: [] }),
      audience: text({ doc: "Audience handed to public clients.", default: "" }),
    },
  },
  terminalHoldMs: duration({ doc: "Longest wait of a watch for the event behind a terminal phase.", default: 2_000 }),
  watchKeepAliveMs: duration({ doc: "After how long an idle watch sends a message; 0 never.", default: 30_000 }),
  watchCoalesceMs: duration({ doc: "Shortest time between two messages of WatchActions.", default: 100 }),
  delivery: {
    workers: integer({ doc: "Enqueue and abort calls under way at once, each.", default: 5, min: 1, max: 100 }),
    maxDelayMs: duration({ doc: "Longest delay between two tries of an enqueue or abort.", default: 300_000 }),
    callTimeoutMs: duration({ doc: "Time limit of one enqueue or abort call.", default: 30_000 }),
  },
});

function parseDomains(raw: unknown): readonly DomainConfig[] {
  const items: unknown = typeof raw === "string" ? raw.split(",").filter((item) => item !== "") : raw;
  if (!Array.isArray(items)) throw new TypeError("is no list; expected maps of id and name");
  return Object.freeze(items.map(parseDomain));
}

function parseDomain(item: unknown): DomainConfig {
  if (typeof item === "string") {
    const [id = "", name = id] = item.split(":").map((text) => text.trim());
    if (id !== "") return { id, name };
  }
  if (typeof item === "object" && item !== null && "id" in item && typeof item.id === "string" && item.id !== "") {
    return { id: item.id, name: "name" in item && typeof item.name === "string" ? item.name : item.id };
  }
  throw new TypeError("holds an entry without an id; expected a map of id and name");
}
