import { describeDriver } from "../src/conformance/index.ts";
import { fileHarness } from "./file-store.ts";

describeDriver("file", () => fileHarness());
