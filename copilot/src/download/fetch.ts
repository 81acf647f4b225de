import { DataPlaneError, decodeLiteral } from "@flyte-dataplane/core";
import type { Literal, LiteralMap } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { readObject, type Stores } from "@flyte-dataplane/storage";
import type { Locate } from "../store/locations.ts";
import { InputsMessage } from "./inputs-message.ts";

export interface FetchOptions {
  readonly stores: Stores;
  /** What locations mean to the stores; themselves by default. */
  readonly locate?: Locate;
  /** Most bytes of one object. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** Offloaded literals that may lead to one another; more is a loop or a mistake. */
const maxHops = 16;

/** The inputs message at `uri`, every offloaded literal in it replaced by the literal it stands for. */
export async function fetchInputs(uri: string, options: FetchOptions): Promise<InputsMessage> {
  const message = new InputsMessage(await readObject(options.stores, uri, options), uri);
  for (const name of message.names) {
    const literal = message.literal(name);
    if (hasOffloaded(literal)) message.replace(name, await resolve(literal, [], options));
  }
  return message;
}

function hasOffloaded({ value }: Literal): boolean {
  switch (value.case) {
    case "offloadedMetadata":
      return true;
    case "collection":
      return value.value.literals.some(hasOffloaded);
    case "map":
      return Object.values(value.value.literals).some(hasOffloaded);
    case "scalar": {
      const scalar = value.value.value;
      return scalar.case === "union" && scalar.value.value !== undefined && hasOffloaded(scalar.value.value);
    }
    case undefined:
      return false;
  }
}

async function resolve(literal: Literal, hops: readonly string[], options: FetchOptions): Promise<Literal> {
  const { value } = literal;
  switch (value.case) {
    case "offloadedMetadata":
      return await follow(literal, value.value.uri, hops, options);
    case "collection": {
      const literals: Literal[] = [];
      for (const item of value.value.literals) literals.push(await resolve(item, hops, options));
      return { ...literal, value: { case: "collection", value: { ...value.value, literals } } };
    }
    case "map":
      return { ...literal, value: { case: "map", value: await resolveMap(value.value, hops, options) } };
    case "scalar": {
      const scalar = value.value;
      if (scalar.value.case !== "union" || scalar.value.value.value === undefined) return literal;
      const inner = await resolve(scalar.value.value.value, hops, options);
      const union = { ...scalar.value.value, value: inner };
      return { ...literal, value: { case: "scalar", value: { ...scalar, value: { case: "union", value: union } } } };
    }
    case undefined:
      return literal;
  }
}

async function resolveMap(map: LiteralMap, hops: readonly string[], options: FetchOptions): Promise<LiteralMap> {
  const entries: [string, Literal][] = [];
  for (const [name, literal] of Object.entries(map.literals))
    entries.push([name, await resolve(literal, hops, options)]);
  return { ...map, literals: Object.fromEntries(entries) };
}

/** What the writer noted beside the reference (hash, metadata) stays with the value. */
async function follow(literal: Literal, uri: string, hops: readonly string[], options: FetchOptions): Promise<Literal> {
  if (hops.includes(uri)) throw refuse(uri, "it leads back to itself");
  if (hops.length >= maxHops) throw refuse(uri, `more than ${maxHops} offloaded literals lead to one another`);
  const stored = decodeLiteral(await readObject(options.stores, options.locate?.(uri) ?? uri, options), uri);
  const resolved = await resolve(stored, [...hops, uri], options);
  return {
    ...resolved,
    hash: literal.hash === "" ? resolved.hash : literal.hash,
    metadata: { ...resolved.metadata, ...literal.metadata },
    ...(literal.artifactId !== undefined && { artifactId: literal.artifactId }),
  };
}

function refuse(uri: string, what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `resolve offloaded literal ${uri}: ${what}`, { ref: uri });
}
