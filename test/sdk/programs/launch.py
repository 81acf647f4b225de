"""What a user's own script does: runs a task from Python, with settings that the command has no option for.

Words: module, task, settings of the run as JSON, inputs as JSON, and `wait` to stay for the outputs.
"""

import importlib
import json
import pathlib
import sys

import flyte

module, task, settings, inputs, *wait = sys.argv[1:]
sys.path.insert(0, str(pathlib.Path.cwd()))
flyte.init_from_config(root_dir=pathlib.Path.cwd())
run = flyte.with_runcontext(**json.loads(settings)).run(
    getattr(importlib.import_module(module), task), **json.loads(inputs)
)
print("Created Run:", run.name, flush=True)
if wait:
    run.wait(quiet=True)
    print("Phase:", run.phase)
    print("Outputs:", json.dumps(list(run.outputs())))
