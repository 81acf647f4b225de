/** Resource requests and limits (contract 6.6). */
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  type Resources,
  type Resources_ResourceEntry,
  Resources_ResourceName,
} from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import type { ResourceRequirements } from "../cluster/pod-object.ts";

type Amounts = Record<string, string>;

/** Throws `invalid_argument` for a text that is no quantity. */
export function requirements(resources: Resources | undefined): ResourceRequirements {
  return { requests: amounts(resources?.requests ?? []), limits: amounts(resources?.limits ?? []) };
}

/** Space that the task asks for its inputs and outputs; a limit beats a request. */
export function storageSize(resources: Resources | undefined): string | undefined {
  const find = (entries: readonly Resources_ResourceEntry[]): string | undefined =>
    entries.find(({ name }) => name === Resources_ResourceName.STORAGE)?.value;
  return find(resources?.limits ?? []) ?? find(resources?.requests ?? []);
}

/** The primary container always has cpu and memory; a request above its limit is lowered to it. */
export function primaryRequirements(
  own: ResourceRequirements,
  defaults: { readonly cpu: string; readonly memory: string },
): ResourceRequirements {
  const requests: Amounts = { ...own.requests };
  const limits: Amounts = { ...own.limits };
  const names = new Set([...Object.keys(requests), ...Object.keys(limits), "cpu", "memory"]);
  for (const name of names) {
    const fallback = name === "cpu" ? defaults.cpu : name === "memory" ? defaults.memory : undefined;
    const request = requests[name] ?? limits[name] ?? fallback;
    if (request === undefined) continue;
    const limit = limits[name] ?? request;
    limits[name] = limit;
    requests[name] = lower(request, limit);
  }
  return { requests: ordered(requests), limits: ordered(limits) };
}

/** Other containers get no defaults; undefined when they ask for nothing. */
export function otherRequirements(own: ResourceRequirements | undefined): ResourceRequirements | undefined {
  if (own === undefined) return undefined;
  const requests = Object.fromEntries(
    Object.entries(own.requests ?? {}).map(([name, request]) => [name, lower(request, own.limits?.[name] ?? request)]),
  );
  return { requests, limits: { ...own.limits } };
}

const names: Readonly<Partial<Record<Resources_ResourceName, string>>> = {
  [Resources_ResourceName.CPU]: "cpu",
  [Resources_ResourceName.MEMORY]: "memory",
  [Resources_ResourceName.GPU]: "nvidia.com/gpu",
  [Resources_ResourceName.EPHEMERAL_STORAGE]: "ephemeral-storage",
};

function amounts(entries: readonly Resources_ResourceEntry[]): Amounts {
  const found: Amounts = {};
  for (const { name, value } of entries) {
    const key = names[name];
    if (key === undefined) continue;
    quantity(value);
    found[key] = value;
  }
  return found;
}

function lower(request: string, limit: string): string {
  return quantity(request) > quantity(limit) ? limit : request;
}

function ordered(values: Amounts): Amounts {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity as a number, precise enough to compare. Throws `invalid_argument`. */
function quantity(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$/.exec(text);
  if (match === null)
    throw new DataPlaneError(
      "invalid_argument",
      `read resource quantity: "${text.slice(0, 64)}" is not a quantity such as "500m" or "2Gi"`,
      { origin: "user" },
    );
  const [, digits = "0", exponent = "", suffix = ""] = match;
  return Number(`${digits}${exponent}`) * (suffixes[suffix] ?? 1);
}
