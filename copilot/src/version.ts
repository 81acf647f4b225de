/** Filled in by the bundler from package.json. */
declare const copilotVersion: string | undefined;

export const version: string = typeof copilotVersion === "string" ? copilotVersion : "unbundled";
