import { create } from "@bufbuild/protobuf";
import { type Identifier, IdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/core/identifier";
import {
  type TypedInterface,
  type VariableMap,
  VariableMapSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type Literal, LiteralMapSchema, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { objectHash } from "./object-hash.ts";

/** The key of a cache entry, in its five parts; printed by {@link formatCompositeKey}. */
export interface CompositeKey {
  /** 44 characters: the task, whatever its version. */
  readonly identifier: string;
  /** 8 characters each; the order of variables counts. */
  readonly inputSignature: string;
  readonly outputSignature: string;
  /** 43 characters: the inputs that count, in any order. */
  readonly inputs: string;
  /** `spec.cacheKey`, verbatim. */
  readonly version: string;
}

export interface CompositeKeyOptions {
  /** Id of the task template: the task's home, not the run's. */
  readonly taskId: Identifier;
  readonly interface?: TypedInterface;
  /** Literals of the action's inputs by name, as `inputs.pb` holds them; none when the interface has no inputs message. */
  readonly literals: Readonly<Record<string, Literal>>;
  readonly ignoredNames?: readonly string[];
  readonly cacheKey: string;
}

export function compositeKey(options: CompositeKeyOptions): CompositeKey {
  return {
    identifier: identifierPart(options.taskId),
    inputSignature: signaturePart(options.interface?.inputs),
    outputSignature: signaturePart(options.interface?.outputs),
    inputs: inputsPart(options.literals, options.ignoredNames),
    version: options.cacheKey,
  };
}

export function formatCompositeKey(key: CompositeKey): string {
  return `${key.identifier}-${key.inputSignature}-${key.outputSignature}-${key.inputs}-${key.version}`;
}

/** The key of the row: scoped by the task's project and domain. */
export function scopedKey(project: string, domain: string, key: string): string {
  return `${project}-${domain}-${key}`;
}

export function identifierPart(taskId: Identifier): string {
  return objectHash(IdentifierSchema, { ...taskId, version: "" }).toString("base64");
}

/** Absent counts as empty. */
export function signaturePart(variables: VariableMap | undefined): string {
  return objectHash(VariableMapSchema, variables ?? create(VariableMapSchema))
    .toString("base64url")
    .slice(0, 8);
}

export function inputsPart(literals: Readonly<Record<string, Literal>>, ignoredNames: readonly string[] = []): string {
  const ignored = new Set(ignoredNames);
  const counted = Object.entries(literals).filter(([name]) => !ignored.has(name));
  const hashed = Object.fromEntries(counted.map(([name, literal]) => [name, hashedForm(literal)]));
  return objectHash(LiteralMapSchema, create(LiteralMapSchema, { literals: hashed })).toString("base64url");
}

/** A literal's own hash stands for it; containers are rebuilt from their elements and lose their own metadata. */
function hashedForm(literal: Literal): Literal {
  if (literal.hash !== "") return create(LiteralSchema, { hash: literal.hash });
  if (literal.value.case === "collection") {
    const literals = literal.value.value.literals.map(hashedForm);
    return create(LiteralSchema, { value: { case: "collection", value: { literals } } });
  }
  if (literal.value.case === "map") {
    const entries = Object.entries(literal.value.value.literals).map(
      ([key, value]) => [key, hashedForm(value)] as const,
    );
    return create(LiteralSchema, { value: { case: "map", value: { literals: Object.fromEntries(entries) } } });
  }
  return literal;
}
