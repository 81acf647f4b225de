import { describeDriver } from "../src/conformance/index.ts";
import { memoryHarness } from "./memory-store.ts";

describeDriver("memory", () => memoryHarness());
