"""Fetches the code of a run as a user's script does. Words: endpoint, run, folder."""

import pathlib
import sys

import flyte
import flyte.remote

endpoint, name, folder = sys.argv[1:]
flyte.init(endpoint=endpoint, insecure=True, project="flytesnacks", domain="development")
source = flyte.remote.Run.get(name=name).download_code(dest=folder)
print("Code:", sorted(path.name for path in pathlib.Path(source).rglob("*.py")))
