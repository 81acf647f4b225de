export type { Access, Authorize, Verb } from "./access.ts";
export { type DataproxyConfig, dataproxySection } from "./config.ts";
export type { ContainerRef, LogEntry, LogReader, ReadLogOptions } from "./log-reader.ts";
export type { DataproxyOptions } from "./options.ts";
export { createDataproxy } from "./service.ts";
