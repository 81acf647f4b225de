export { type DataproxyConfig, dataproxySection } from "./config.ts";
export type { ContainerRef, LogEntry, LogReader, ReadLogOptions } from "./log-reader.ts";
export { createDataproxy, type DataproxyOptions } from "./service.ts";
