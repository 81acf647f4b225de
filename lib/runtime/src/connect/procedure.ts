/** The table of what can be called, by path. */
import { createRegistry, type DescFile, type DescMethod, type Registry } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { RpcService, StreamHandler, UnaryHandler } from "../server/service.ts";
import { type Codec, type CodecName, createCodecs } from "./codecs.ts";

export interface Procedure {
  readonly method: DescMethod;
  /** Absent for a method that the service declares and nobody implements. */
  readonly handler: UnaryHandler | StreamHandler | undefined;
  readonly codecs: Readonly<Record<CodecName, Codec>>;
  /** Without side effects, so that a GET may ask it. */
  readonly readOnly: boolean;
}

export interface ProcedureTable {
  /** By `/<package>.<Service>/<Method>`. */
  readonly byPath: ReadonlyMap<string, Procedure>;
  /** Messages of the services' files and of all that these import. */
  readonly registry: Registry;
}

export function createProcedureTable(services: readonly RpcService[]): ProcedureTable {
  const registry = createRegistry(...filesOf(services));
  const byPath = new Map<string, Procedure>();
  for (const { service, handlers } of services) {
    for (const method of service.methods) {
      byPath.set(`/${service.typeName}/${method.name}`, {
        method,
        handler: handlers.get(method.localName),
        codecs: createCodecs(method, registry),
        readOnly: method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
      });
    }
  }
  return { byPath, registry };
}

function filesOf(services: readonly RpcService[]): Iterable<DescFile> {
  const found = new Set<DescFile>();
  const add = (file: DescFile): void => {
    if (found.has(file)) return;
    found.add(file);
    file.dependencies.forEach(add);
  };
  for (const { service } of services) add(service.file);
  return found;
}

/** `/<package>.<Service>/<Method>`: callers expect an RPC error there, not a page. */
export function looksLikeProcedure(path: string): boolean {
  return /^\/[a-z]\w*(\.\w+)*\.[A-Z]\w*\/[A-Z]\w*$/.test(path);
}
