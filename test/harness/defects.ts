/** A mistake that somebody could make, in one line: the cases have to notice it. */
export interface Defect {
  readonly name: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly find: string;
  readonly replace: string;
  /** Part of the names of cases that are likely to notice; they run first, and all others after them. */
  readonly near: string;
}

const download: readonly Defect[] = [
  {
    name: "a folder brings what lies in those whose names begin alike",
    file: "copilot/src/download/list-trees.ts",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    find: '"" : `${location.key}/`',
    replace: '"" : location.key',
    near: "begins alike",
  },
  {
    name: "NAMED_DIR overwrites files of one name",
    file: "copilot/src/download/base-names.ts",
    find: " || taken.has(name)) name",
    replace: ") name",
    near: "NAMED_DIR",
  },
  {
    name: "staged files are readable by their owner alone",
    file: "copilot/src/local/place-file.ts",
    find: "const fileMode = 0o644",
    replace: "const fileMode = 0o600",
    near: "is staged",
  },
  {
    name: "variables may be called like files of the protocol",
    file: "copilot/src/variable-names.ts",
    find: "if (reserved.has(name))",
    replace: "if (reserved.has(name) && name === name.toUpperCase())",
    near: "called",
  },
  {
    name: "names may climb out of the folder",
    file: "copilot/src/variable-names.ts",
    find: 'name === ".." || ',
    replace: "",
    near: "refused before any byte",
  },
  {
    name: "the keys of the list of all inputs are sorted by units, not bytes",
    file: "copilot/src/download/metadata-value.ts",
    find: "compareUtf8(a, b)",
    replace: "(a < b ? -1 : 1)",
    near: "values of every kind",
  },
  {
    name: "integers lose digits in the list of all inputs",
    file: "copilot/src/download/metadata-value.ts",
    find: 'if (typeof value !== "object") return value.toString();',
    replace: 'if (typeof value !== "object") return Number(value).toString();',
    near: "int64",
  },
  {
    name: "a hash beside an offloaded literal is forgotten",
    file: "copilot/src/download/fetch.ts",
    find: 'literal.hash === "" ? resolved.hash : literal.hash',
    replace: "literal.hash",
    near: "offloaded",
  },
  {
    name: "durations are cut to whole microseconds",
    file: "lib/core/dist/text/duration.js",
    find: "    const nanos = toNanos(span);\n    const magnitude",
    replace: "    const nanos = toNanos(span) - (toNanos(span) % 1000n);\n    const magnitude",
    near: "duration",
  },
];

const upload: readonly Defect[] = [
  {
    name: "a carriage return counts as a blank",
    file: "lib/core/dist/literals/simple-text.js",
    find: "byte === 0x09;",
    replace: "byte === 0x09 || byte === 0x0d;",
    near: "carriage return",
  },
  {
    name: "one of several files that match is taken",
    file: "copilot/src/upload/output-folder.ts",
    find: "candidates.length === 1",
    replace: "candidates.length >= 1",
    near: "could be the output",
  },
  {
    name: "a link out of the folder is followed",
    file: "copilot/src/upload/output-folder.ts",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    find: "resolved.startsWith(`${this.#root}/`)",
    replace: 'resolved.startsWith("/")',
    near: "a link out",
  },
  {
    name: "a declared format is forgotten",
    file: "copilot/src/upload/read-output.ts",
    find: "type: { format, dimensionality } } };",
    replace: "type: { format: format.slice(0, 0), dimensionality } } };",
    near: "format",
  },
  {
    name: "simple values may be one byte longer",
    file: "copilot/src/config/keys.ts",
    find: '    initial: "1024",\n    what:',
    replace: '    initial: "1025",\n    what:',
    near: "1025 bytes",
  },
  {
    name: "an error of the task is not looked for",
    file: "copilot/src/upload.ts",
    find: "(await readTaskError(options.fromLocalDir)) ??",
    replace: "(await readTaskError('/nowhere')) ??",
    near: "an error",
  },
  {
    name: "the outputs are announced before their data are there",
    file: "copilot/src/upload.ts",
    find: "await publish(await collect(options.variables, options), options);",
    replace: "await publish({}, options); await publish(await collect(options.variables, options), options);",
    near: "no message is written",
  },
];

const reports: readonly Defect[] = [
  {
    name: "the report stands under one name alone",
    file: "copilot/src/error-report.ts",
    find: "[copilotErrorFile, errorFile]",
    replace: "[copilotErrorFile]",
    near: "missing",
  },
  {
    name: "a failed download is permanent",
    file: "copilot/src/commands/run-download.ts",
    find: "error), recoverable: true }",
    replace: "error), recoverable: false }",
    near: "missing",
  },
  {
    name: "a permanent failure of the task may be repeated",
    file: "copilot/src/upload/task-error.ts",
    find: '!("recoverable" in value && value.recoverable === false)',
    replace: "true",
    near: "error in JSON",
  },
  {
    name: "the message names the first failed variable alone",
    file: "copilot/src/variable-faults.ts",
    find: "const parts = [...this.#causes].map(",
    replace: "const parts = [...this.#causes].slice(0, 1).map(",
    near: "that fails is named",
  },
  {
    name: "a later failure replaces the report of the first",
    file: "copilot/src/commands/run-sidecar.ts",
    find: "if (await hasReport(place",
    replace: "if (Date.now() === 0 && await hasReport(place",
    near: "earlier report",
  },
  {
    name: "reports of an earlier pod stay",
    file: "copilot/src/error-report.ts",
    find: "await (await place.stores.bucket(location)).delete(location.key, options(signal));",
    replace: "await place.stores.bucket(location);",
    near: "earlier",
  },
];

const configuration: readonly Defect[] = [
  {
    name: "files of the configuration apply in the opposite order",
    file: "copilot/src/config/glob.ts",
    find: "return files.flat().sort();",
    replace: "return files.flat().sort().reverse();",
    near: "files",
  },
  {
    name: "pairs of flags are added to those of files",
    file: "copilot/src/config/load.ts",
    find: "    values.clear(stowPath);\n",
    replace: "",
    near: "pairs of flags",
  },
  {
    name: "variables of the environment have no dots",
    file: "copilot/src/config/keys.ts",
    find: 'name.toUpperCase().replaceAll("-", "_")',
    replace: 'name.toUpperCase().replaceAll(/[-.]/g, "_")',
    near: "variable with dots",
  },
  {
    name: "two pairs in one word are one",
    file: "lib/core/dist/copilot-args/stow-config.js",
    find: "equals === 1 ?",
    replace: "equals >= 1 ?",
    near: "two pairs",
  },
  {
    name: "a fault of the command line exits 0",
    file: "copilot/src/command-line.ts",
    find: "  return 1;\n",
    replace: "  return 0;\n",
    near: "exits 1",
  },
];

const life: readonly Defect[] = [
  {
    name: "a second SIGTERM ends the upload",
    file: "copilot/src/main.ts",
    find: 'process.on("SIGTERM"',
    replace: 'process.once("SIGTERM"',
    near: "second SIGTERM",
  },
  {
    name: "the sidecar waits for no signal",
    file: "copilot/src/commands/run-sidecar.ts",
    find: 'command.startWatcherType === "signal"',
    replace: 'command.startWatcherType === "never"',
    near: "by the signal",
  },
  {
    name: "SIGTERM during a download is reported as a failure of the inputs",
    file: "copilot/src/commands/run-download.ts",
    find: "if (terminated.aborted) return terminatedStatus;",
    replace: "",
    near: "SIGTERM during a download",
  },
  {
    name: "lines of the log lack their time",
    file: "copilot/src/log.ts",
    find: "JSON.stringify({ json: fields, level, msg, ts })",
    replace: "JSON.stringify({ json: { ...fields, ts }, level, msg })",
    near: "log lines",
  },
];

export const defects: readonly Defect[] = [...download, ...upload, ...reports, ...configuration, ...life];
