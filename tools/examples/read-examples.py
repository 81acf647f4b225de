"""Reads example files without running them.

Words: the folder of examples. Prints a JSON list of {"file", "entry", "app", "missing"}: the path below the folder,
whether the file is a script, whether it serves an app, and which modules it imports at its top that this interpreter
does not have.
"""

import ast
import importlib.util
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])


def top_level_imports(tree: ast.Module) -> list[str]:
    names = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.append(node.module)
    return names


def absent(name: str, near: pathlib.Path) -> bool:
    first = name.split(".")[0]
    if any((place / first).exists() or (place / f"{first}.py").exists() for place in [near, *near.parents]):
        return False
    try:
        return importlib.util.find_spec(name if first == "flyteplugins" else first) is None
    except ModuleNotFoundError:
        return True


found = []
for path in sorted(folder.rglob("*.py")):
    source = path.read_text()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        continue
    missing = sorted({name.split(".")[0] if not name.startswith("flyteplugins") else name
                      for name in top_level_imports(tree) if absent(name, path.parent)})
    found.append({
        "file": str(path.relative_to(folder)),
        "entry": "__main__" in source,
        "app": "flyte.serve(" in source or "AppEnvironment(" in source,
        "missing": missing,
    })
print(json.dumps(found))
