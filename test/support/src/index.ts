export type { FuzzTarget } from "./fuzz.ts";
