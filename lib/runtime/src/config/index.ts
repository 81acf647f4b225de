export { parseDuration } from "./duration.ts";
export {
  bytes,
  choice,
  decimal,
  duration,
  type Field,
  type FieldOptions,
  flag,
  integer,
  text,
  textMap,
  texts,
} from "./field.ts";
export { type Config, type ConfigOrigin, type ConfigSources, loadConfig } from "./load.ts";
export { configPage, configReference } from "./reference.ts";
export { defineSection, environmentName, type Fields, type Section } from "./section.ts";
