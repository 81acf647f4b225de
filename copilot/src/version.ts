/** Filled in by the bundler: from package.json, and from the repository where there is one. */
declare const copilotVersion: string | undefined;
declare const copilotCommit: string | undefined;

export const version: string = typeof copilotVersion === "string" ? copilotVersion : "unbundled";

/** Abbreviated, with a plus sign where the sources had changes; empty where nobody knows. */
export const commit: string = typeof copilotCommit === "string" ? copilotCommit : "";
