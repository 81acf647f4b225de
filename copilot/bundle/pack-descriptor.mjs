// @ts-check
// Descriptors as the tuples that copilot/src/packed-file.ts unpacks. What those have no place for stops the
// build rather than being lost.

/** @typedef {import("@bufbuild/protobuf").DescMessage} DescMessage */
/** @typedef {import("@bufbuild/protobuf").DescEnum} DescEnum */
/** @typedef {DescMessage["proto"]} DescriptorProto */

/**
 * @param {DescMessage} message
 * @param {ReadonlySet<DescMessage | DescEnum>} used of the types in it, others are left out
 * @returns {import("../src/packed-file.ts").PackedMessage}
 */
export function packMessage({ proto, file, nestedMessages, nestedEnums }, used) {
  if (file.proto.syntax !== "proto3") throw new Error(`${file.name}: not of syntax proto3`);
  const entries = proto.nestedType.filter((nested) => nested.options?.mapEntry === true);
  const messages = nestedMessages.filter((nested) => used.has(nested)).map((nested) => packMessage(nested, used));
  return [
    proto.name,
    packFields(proto),
    proto.oneofDecl.map(({ name }) => name),
    [...messages, ...entries.map(packEntry)],
    nestedEnums.filter((nested) => used.has(nested)).map(packEnum),
    false,
  ];
}

/** @param {DescEnum} type @returns {import("../src/packed-file.ts").PackedEnum} */
export function packEnum({ proto }) {
  return [proto.name, proto.value.map(({ name, number }) => [name, number])];
}

/** @param {DescriptorProto} entry of a map @returns {import("../src/packed-file.ts").PackedMessage} */
function packEntry(entry) {
  return [entry.name, packFields(entry), [], [], [], true];
}

/** @param {DescriptorProto} message @returns {import("../src/packed-file.ts").PackedField[]} */
function packFields(message) {
  return message.field.map((field) => {
    const { name, jsonName, number, type, label, typeName, options, proto3Optional } = field;
    for (const fault of ["packed", "jstype", "features"]) {
      if (options && Object.hasOwn(options, fault)) throw new Error(`${message.name}.${name}: has option ${fault}`);
    }
    if (Object.hasOwn(field, "defaultValue")) throw new Error(`${message.name}.${name}: has a default`);
    const oneof = Object.hasOwn(field, "oneofIndex") ? field.oneofIndex : -1;
    return [name, jsonName, number, type, label, typeName, oneof, proto3Optional];
  });
}
