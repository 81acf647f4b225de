export type { FuzzTarget } from "./fuzz.ts";
export { startTestPostgres, type TestPostgres } from "./postgres.ts";
