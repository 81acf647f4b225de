// Describes our generated code in the form that dump-descriptors.py gives the SDK's: one flat record of full name to
// facts. Both sides ask their runtime's reflection, so what is compared is what peers really encode and decode.
import type {
  DescEnum,
  DescExtension,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescOneof,
  JsonValue,
} from "@bufbuild/protobuf";
import { getOption, hasOption, ScalarType, toJson } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import {
  FieldRulesSchema,
  field as fieldRules,
  MessageRulesSchema,
  message as messageRules,
  OneofRulesSchema,
  oneof as oneofRules,
} from "@flyte-dataplane/proto/buf/validate/validate";
import { accelerator_name } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { http } from "@flyte-dataplane/proto/google/api/annotations";
import { HttpRuleSchema } from "@flyte-dataplane/proto/google/api/http";

/** What a peer could notice about one descriptor. */
export interface Facts {
  /** message, field, oneof, enum, enum value, service, method or extension. */
  readonly kind: string;
  readonly package: string;
  readonly [fact: string]: JsonValue;
}

/** Full name of a message, field, oneof, enum, enum value, service, method or extension → its facts. */
export type Entries = Readonly<Record<string, Facts>>;

const scalarNames = new Map(Object.entries(ScalarType).map(([name, type]) => [type, name.toLowerCase()]));

/** Describes everything that `files` declare; what they import counts only if it is among them. */
export function describeFiles(files: Iterable<DescFile>): Entries {
  const entries: Record<string, Facts> = {};
  for (const file of files) {
    for (const message of file.messages) describeMessage(message, entries);
    for (const enumeration of file.enums) describeEnum(enumeration, entries);
    for (const extension of file.extensions) {
      entries[extension.typeName] = extensionFacts(extension);
    }
    for (const service of file.services) {
      entries[service.typeName] = { kind: "service", package: file.proto.package };
      for (const method of service.methods) entries[`${service.typeName}.${method.name}`] = methodFacts(method);
    }
  }
  return entries;
}

function describeMessage(message: DescMessage, entries: Record<string, Facts>): void {
  entries[message.typeName] = {
    kind: "message",
    package: message.file.proto.package,
    deprecated: message.deprecated,
    rules: hasOption(message, messageRules)
      ? toJson(MessageRulesSchema, getOption(message, messageRules), names)
      : null,
  };
  for (const field of message.fields) entries[`${message.typeName}.${field.name}`] = fieldFacts(field);
  for (const oneof of message.oneofs) entries[`${message.typeName}.${oneof.name}`] = oneofFacts(oneof);
  for (const nested of message.nestedMessages) describeMessage(nested, entries);
  for (const nested of message.nestedEnums) describeEnum(nested, entries);
}

function oneofFacts(oneof: DescOneof): Facts {
  return {
    kind: "oneof",
    package: oneof.parent.file.proto.package,
    rules: hasOption(oneof, oneofRules) ? toJson(OneofRulesSchema, getOption(oneof, oneofRules), names) : null,
  };
}

function describeEnum(enumeration: DescEnum, entries: Record<string, Facts>): void {
  const owner = enumeration.file.proto.package;
  const alias = enumeration.proto.options?.allowAlias ?? false;
  entries[enumeration.typeName] = { kind: "enum", package: owner, alias };
  for (const value of enumeration.values) {
    entries[`${enumeration.typeName}.${value.name}`] = {
      kind: "enum value",
      package: owner,
      number: value.number,
      deprecated: value.deprecated,
      accelerator: getOption(value, accelerator_name),
    };
  }
}

function fieldFacts(field: DescField | DescExtension): Facts {
  const cardinality = cardinalityOf(field);
  return {
    kind: "field",
    package: (field.kind === "field" ? field.parent : field).file.proto.package,
    number: field.number,
    type: typeOf(field),
    cardinality,
    presence: cardinality === "singular" && field.presence === FeatureSet_FieldPresence.EXPLICIT,
    oneof: field.oneof?.name ?? null,
    jsonName: field.jsonName,
    deprecated: field.deprecated,
    rules: hasOption(field, fieldRules) ? toJson(FieldRulesSchema, getOption(field, fieldRules), names) : null,
  };
}

function extensionFacts(extension: DescExtension): Facts {
  // The runtimes name extensions in JSON each in their own way; only the number goes over the wire.
  return { ...fieldFacts(extension), kind: "extension", extendee: extension.extendee.typeName, jsonName: null };
}

function methodFacts(method: DescMethod): Facts {
  return {
    kind: "method",
    package: method.parent.file.proto.package,
    streaming: method.methodKind,
    input: method.input.typeName,
    output: method.output.typeName,
    idempotency: MethodOptions_IdempotencyLevel[method.idempotency],
    deprecated: method.deprecated,
    http: hasOption(method, http) ? toJson(HttpRuleSchema, getOption(method, http), names) : null,
  };
}

function cardinalityOf(field: DescField | DescExtension): string {
  if (field.fieldKind === "map") return "map";
  if (field.fieldKind === "list") return "repeated";
  return field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED ? "required" : "singular";
}

function typeOf(field: DescField | DescExtension): string {
  if (field.fieldKind === "map") return `map<${scalarName(field.mapKey)}, ${elementType(field)}>`;
  return elementType(field);
}

/** The type of the value, of each element or of each map value. */
function elementType(field: DescField | DescExtension): string {
  if (field.message !== undefined) return field.message.typeName;
  if (field.enum !== undefined) return field.enum.typeName;
  return scalarName(field.scalar);
}

function scalarName(type: ScalarType): string {
  const name = scalarNames.get(type);
  if (name === undefined) throw new Error(`scalar type ${type} has no name`);
  return name;
}

const names = { useProtoFieldName: true } as const;
