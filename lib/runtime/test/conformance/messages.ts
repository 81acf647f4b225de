/** The suite's messages, as the descriptors that were built from `conformance.proto` give them. */
import { createFileRegistry, type DescMessage, type DescService, fromBinary } from "@bufbuild/protobuf";
import { type Any, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

export interface Header {
  readonly name: string;
  readonly value: readonly string[];
}

export interface WantedError {
  readonly code: number;
  readonly message?: string;
  readonly details: readonly Any[];
}

export interface UnaryDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseDelayMs: number;
  readonly response:
    | { readonly case: "responseData"; readonly value: Uint8Array }
    | { readonly case: "error"; readonly value: WantedError }
    | { readonly case: undefined };
}

export interface StreamDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseDelayMs: number;
  readonly responseData: readonly Uint8Array[];
  readonly error?: WantedError;
}

export interface ConformanceMessages {
  readonly service: DescService;
  message(name: string): DescMessage;
}

/** `descriptors` is a FileDescriptorSet of `conformance.proto` and what it imports. */
export function conformanceMessages(descriptors: Uint8Array): ConformanceMessages {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
  const service = registry.getService("connectrpc.conformance.v1.ConformanceService");
  if (service === undefined) throw new TypeError("the descriptors hold no conformance service");
  return {
    service,
    message: (name) => {
      const found = registry.getMessage(`connectrpc.conformance.v1.${name}`);
      if (found === undefined) throw new TypeError(`the descriptors hold no ${name}`);
      return found;
    },
  };
}
