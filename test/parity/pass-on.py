"""Reads messages as the SDK does and writes them again, so that our runtime can compare.

Each line on stdin is `{"type": full name, "bytes": base64}`; each line on stdout answers one of them with
`{"bytes": base64, "json": protobuf's JSON form}`, or `{"error": text}` when the SDK cannot read it.
"""

import base64
import importlib
import json
import pkgutil
import sys

import flyteidl2
from google.protobuf import json_format, message_factory, symbol_database


def main():
    for module in pkgutil.walk_packages(flyteidl2.__path__, "flyteidl2."):
        if module.name.endswith("_pb2"):
            importlib.import_module(module.name)
    pool = symbol_database.Default().pool
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(pass_on(pool, request["type"], base64.b64decode(request["bytes"]))))


def pass_on(pool, type_name, data):
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName(type_name))()
    try:
        message.ParseFromString(data)
        return {
            "bytes": base64.b64encode(message.SerializeToString()).decode(),
            "json": json_format.MessageToDict(message),
        }
    except Exception as error:  # Whatever the SDK raises is the finding.
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
