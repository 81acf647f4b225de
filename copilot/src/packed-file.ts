// The bundle's descriptors arrive as these tuples: see docs/decisions/0020-start-of-copilot.md. Nothing is imported here:
// the library itself begins with descriptors that are made by this.
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
  MessageOptions,
} from "@bufbuild/protobuf/wkt";

/** Of syntax proto3, without options, extensions and services. */
export type PackedFile = readonly [
  name: string,
  protoPackage: string,
  messages: readonly PackedMessage[],
  enums: readonly PackedEnum[],
];

export type PackedMessage = readonly [
  name: string,
  fields: readonly PackedField[],
  oneofs: readonly string[],
  nested: readonly PackedMessage[],
  enums: readonly PackedEnum[],
  /** Whether it is what a map holds, which protobuf takes for a message. */
  mapEntry: boolean,
];

/** Numbers of type and label as protobuf counts them; `oneof` is the place among the message's oneofs, or -1. */
export type PackedField = readonly [
  name: string,
  jsonName: string,
  number: number,
  type: number,
  label: number,
  typeName: string,
  oneof: number,
  optional: boolean,
];

export type PackedEnum = readonly [name: string, values: readonly (readonly [name: string, number: number])[]];

/** The file whose messages hold none but each other and those of `dependencies`, which are names of files. */
export function unpackFile(
  [name, protoPackage, messages, enums]: PackedFile,
  dependencies: readonly string[],
): FileDescriptorProto {
  return {
    $typeName: "google.protobuf.FileDescriptorProto",
    name,
    package: protoPackage,
    syntax: "proto3",
    edition: 0,
    dependency: [...dependencies],
    publicDependency: [],
    weakDependency: [],
    optionDependency: [],
    messageType: messages.map(message),
    enumType: enums.map(enumeration),
    service: [],
    extension: [],
  };
}

function message([name, fields, oneofs, nested, enums, mapEntry]: PackedMessage): DescriptorProto {
  return {
    $typeName: "google.protobuf.DescriptorProto",
    name,
    field: fields.map(field),
    oneofDecl: oneofs.map((oneof) => ({ $typeName: "google.protobuf.OneofDescriptorProto", name: oneof })),
    nestedType: nested.map(message),
    enumType: enums.map(enumeration),
    ...(mapEntry ? { options: ofMapEntry } : {}),
    extension: [],
    extensionRange: [],
    reservedRange: [],
    reservedName: [],
    visibility: 0,
  };
}

const ofMapEntry: MessageOptions = {
  $typeName: "google.protobuf.MessageOptions",
  messageSetWireFormat: false,
  noStandardDescriptorAccessor: false,
  deprecated: false,
  mapEntry: true,
  deprecatedLegacyJsonFieldConflicts: false,
  uninterpretedOption: [],
};

/** What a descriptor has without being asked; one's own property would be taken for set. */
const unset = { extendee: "", defaultValue: "", oneofIndex: 0 };

function field([
  name,
  jsonName,
  number,
  type,
  label,
  typeName,
  oneofIndex,
  proto3Optional,
]: PackedField): FieldDescriptorProto {
  return Object.assign(
    Object.create(unset) as typeof unset,
    { $typeName: "google.protobuf.FieldDescriptorProto", name, jsonName, number, type, label, typeName } as const,
    oneofIndex < 0 ? {} : { oneofIndex },
    { proto3Optional },
  );
}

function enumeration([name, values]: PackedEnum): EnumDescriptorProto {
  return {
    $typeName: "google.protobuf.EnumDescriptorProto",
    name,
    value: values.map(([value, number]) => ({
      $typeName: "google.protobuf.EnumValueDescriptorProto",
      name: value,
      number,
    })),
    reservedRange: [],
    reservedName: [],
    visibility: 0,
  };
}
