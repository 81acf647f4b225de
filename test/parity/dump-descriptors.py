"""Prints what the installed flyteidl2 says about the wire, as one JSON document on stdout.

`{"version": "...", "entries": {path: facts}}`, sorted by path. A path is the full name of a message, field, oneof,
enum, enum value, service, method or extension; `facts` holds exactly what a peer could notice, in the same form as
descriptor-facts.ts computes it from our own generated code. Needs only the packages that flyteidl2 brings along.
"""

import importlib
import importlib.metadata
import json
import pkgutil
import sys

import buf.validate.validate_pb2 as validate
import flyteidl2
from flyteidl2.core.tasks_pb2 import accelerator_name
from google.api.annotations_pb2 import http
from google.protobuf import descriptor_pb2, json_format

FieldType = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in FieldType.Type.items()
    if name not in ("TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP")
}
IDEMPOTENCY = descriptor_pb2.MethodOptions.IdempotencyLevel


def main():
    entries = {}
    files = {}
    for module in pkgutil.walk_packages(flyteidl2.__path__, "flyteidl2."):
        if module.name.endswith("_pb2"):
            collect(importlib.import_module(module.name).DESCRIPTOR, files)
    for file in files.values():
        describe_file(file, entries)
    version = importlib.metadata.version("flyteidl2")
    json.dump({"version": version, "entries": entries}, sys.stdout, sort_keys=True)


def collect(file, files):
    """Adds `file` and all that it imports; protobuf's own types are the runtime's business on both sides."""
    if file.name in files or file.name.startswith("google/protobuf/"):
        return
    files[file.name] = file
    for dependency in file.dependencies:
        collect(dependency, files)


def describe_file(file, entries):
    for message in file.message_types_by_name.values():
        describe_message(message, entries)
    for enum in file.enum_types_by_name.values():
        describe_enum(enum, entries)
    for extension in file.extensions_by_name.values():
        entries[extension.full_name] = {
            **field_facts(extension),
            "kind": "extension",
            "extendee": extension.containing_type.full_name,
            # The runtimes name extensions in JSON each in their own way; only the number goes over the wire.
            "jsonName": None,
        }
    for service in file.services_by_name.values():
        entries[service.full_name] = {"kind": "service", "package": file.package}
        for method in service.methods:
            entries[method.full_name] = method_facts(method, file.package)


def describe_message(message, entries):
    if message.GetOptions().map_entry:
        return
    package = message.file.package
    entries[message.full_name] = {
        "kind": "message",
        "package": package,
        "deprecated": message.GetOptions().deprecated,
        "rules": rules(message.GetOptions(), validate.message),
    }
    for field in message.fields:
        entries[field.full_name] = field_facts(field)
    for oneof in message.oneofs:
        if not is_synthetic(oneof):
            entries[oneof.full_name] = {
                "kind": "oneof",
                "package": package,
                "rules": rules(oneof.GetOptions(), validate.oneof),
            }
    for nested in message.nested_types:
        describe_message(nested, entries)
    for enum in message.enum_types:
        describe_enum(enum, entries)


def describe_enum(enum, entries):
    package = enum.file.package
    options = enum.GetOptions()
    entries[enum.full_name] = {"kind": "enum", "package": package, "alias": options.allow_alias}
    for value in enum.values:
        # Unlike protobuf's own scoping, the path names the enum, so that equal value names do not collide.
        entries[f"{enum.full_name}.{value.name}"] = {
            "kind": "enum value",
            "package": package,
            "number": value.number,
            "deprecated": value.GetOptions().deprecated,
            "accelerator": value.GetOptions().Extensions[accelerator_name],
        }


def field_facts(field):
    key, value = map_entry(field)
    if key is not None:
        cardinality = "map"
        type_name = f"map<{type_of(key)}, {type_of(value)}>"
    else:
        cardinality = "repeated" if field.is_repeated else "required" if field.is_required else "singular"
        type_name = type_of(field)
    oneof = field.containing_oneof
    return {
        "kind": "field",
        "package": field.file.package,
        "number": field.number,
        "type": type_name,
        "cardinality": cardinality,
        "presence": cardinality == "singular" and field.has_presence,
        "oneof": oneof.name if oneof is not None and not is_synthetic(oneof) else None,
        "jsonName": field.json_name,
        "deprecated": field.GetOptions().deprecated,
        "rules": rules(field.GetOptions(), validate.field),
    }


def method_facts(method, package):
    return {
        "kind": "method",
        "package": package,
        "streaming": {
            (False, False): "unary",
            (False, True): "server_streaming",
            (True, False): "client_streaming",
            (True, True): "bidi_streaming",
        }[(method.client_streaming, method.server_streaming)],
        "input": method.input_type.full_name,
        "output": method.output_type.full_name,
        "idempotency": IDEMPOTENCY.Name(method.GetOptions().idempotency_level),
        "deprecated": method.GetOptions().deprecated,
        "http": rules(method.GetOptions(), http),
    }


def map_entry(field):
    """The key and value fields of a map field, or two Nones."""
    if field.message_type is None or not field.message_type.GetOptions().map_entry:
        return None, None
    return field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]


def type_of(field):
    if field.message_type is not None:
        return field.message_type.full_name
    if field.enum_type is not None:
        return field.enum_type.full_name
    return SCALARS[field.type]


def is_synthetic(oneof):
    """Whether the oneof exists only to give one `optional` field its presence."""
    message = descriptor_pb2.DescriptorProto()
    oneof.containing_type.CopyToProto(message)
    return any(field.proto3_optional and field.name == oneof.fields[0].name for field in message.field)


def rules(options, extension):
    """The message that an option holds, validation rules mostly, as a JSON value; None where there is none."""
    if not options.HasExtension(extension):
        return None
    return json_format.MessageToDict(options.Extensions[extension], preserving_proto_field_name=True)


if __name__ == "__main__":
    main()
