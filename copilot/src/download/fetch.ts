import { toBinary } from "@bufbuild/protobuf";
import { checkMessage, DataPlaneError } from "@flyte-dataplane/core";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { readObject, type Stores } from "@flyte-dataplane/storage";
import type { Locate } from "../store/locations.ts";
import { InputsMessage } from "./inputs-message.ts";
import { closeList, closeMap, closeUnion, openLiteral } from "./open-literal.ts";
import { itemsOf, PackedMembers, Packing } from "./packed-items.ts";

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

function hasOffloaded(literal: Uint8Array): boolean {
  const opened = openLiteral(literal);
  switch (opened.kind) {
    case "list":
      for (const item of itemsOf(opened.items)) if (hasOffloaded(item)) return true;
      return false;
    case "map": {
      const members = new PackedMembers(opened.members);
      for (const key of members.keys) if (hasOffloaded(members.member(key))) return true;
      return false;
    }
    case "union":
      return hasOffloaded(opened.inner);
    case "leaf":
      return opened.literal.value.case === "offloadedMetadata";
  }
}

async function resolve(bytes: Uint8Array, hops: readonly string[], options: FetchOptions): Promise<Uint8Array> {
  const opened = openLiteral(bytes);
  switch (opened.kind) {
    case "list": {
      const packing = new Packing(opened.items);
      for (const item of itemsOf(opened.items)) packing.addItem(await resolve(item, hops, options));
      return closeList(opened.shell, packing.bytes);
    }
    case "map": {
      const members = new PackedMembers(opened.members);
      const packing = new Packing(opened.members);
      for (const key of members.keys) packing.addMember(key, await resolve(members.member(key), hops, options));
      return closeMap(opened.shell, packing.bytes);
    }
    case "union":
      return closeUnion(opened.shell, await resolve(opened.inner, hops, options));
    case "leaf": {
      const { value } = opened.literal;
      return value.case === "offloadedMetadata" ? await follow(opened.literal, value.value.uri, hops, options) : bytes;
    }
  }
}

async function follow(
  literal: Literal,
  uri: string,
  hops: readonly string[],
  options: FetchOptions,
): Promise<Uint8Array> {
  if (hops.includes(uri)) throw refuse(uri, "it leads back to itself");
  if (hops.length >= maxHops) throw refuse(uri, `more than ${maxHops} offloaded literals lead to one another`);
  const stored = await readObject(options.stores, options.locate?.(uri) ?? uri, options);
  checkMessage(LiteralSchema, stored, { what: uri, ref: uri });
  return withNotes(await resolve(stored, [...hops, uri], options), literal);
}

/** What the writer noted beside the reference (hash, metadata) stays with the value. */
function withNotes(bytes: Uint8Array, notes: Literal): Uint8Array {
  const noted = (literal: Literal): Literal => ({
    ...literal,
    hash: notes.hash === "" ? literal.hash : notes.hash,
    metadata: { ...literal.metadata, ...notes.metadata },
    ...(notes.artifactId !== undefined && { artifactId: notes.artifactId }),
  });
  const opened = openLiteral(bytes);
  switch (opened.kind) {
    case "list":
      return closeList(noted(opened.shell), opened.items);
    case "map":
      return closeMap(noted(opened.shell), opened.members);
    case "union":
      return closeUnion({ ...opened.shell, literal: noted(opened.shell.literal) }, opened.inner);
    case "leaf":
      return toBinary(LiteralSchema, noted(opened.literal));
  }
}

function refuse(uri: string, what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `resolve offloaded literal ${uri}: ${what}`, { ref: uri });
}
