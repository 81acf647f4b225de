import {
  copilotErrorFile,
  DataPlaneError,
  errorFile,
  inputsFile,
  inputsJsonFile,
  inputsYamlFile,
  outputsFile,
  taskErrorFile,
} from "@flyte-dataplane/core";

/** Files of the protocol beside the variables: a variable of such a name would overwrite one, or be overwritten. */
const reserved: ReadonlySet<string> = new Set([
  inputsFile,
  inputsJsonFile,
  inputsYamlFile,
  outputsFile,
  errorFile,
  copilotErrorFile,
  taskErrorFile,
]);

/**
 * Throws `invalid_argument` (origin user) for a variable that cannot be a file of its own in the directory. `objects` are
 * names that this run gives to objects of the protocol, which the variable's data would lie beside.
 */
export function checkVariableName(name: string, objects: readonly string[] = []): void {
  // Of a name with slashes the first part: data of a folder could be what the rest names.
  if (reserved.has(name) || objects.some((object) => object.split("/")[0] === name))
    throw refuse(`variable "${name}"`, "the name is reserved for a file of the protocol");
  if (name === "__proto__") throw refuse(`variable "${name}"`, "the name is not supported");
  checkFileName(name, `variable "${name}"`);
}

/** Throws `invalid_argument` (origin user) for a name that is no single path segment; `what` says whose it is. */
export function checkFileName(name: string, what: string): void {
  if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0")) {
    throw refuse(what, "it cannot be the name of a file: it is empty, dots, or holds a slash or NUL");
  }
}

function refuse(what: string, why: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `${what}: ${why}`, { origin: "user" });
}
