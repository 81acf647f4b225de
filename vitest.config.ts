import { configDefaults, defineConfig } from "vitest/config";
import { findPeer } from "./tools/peers/get.mjs";
import { peers } from "./tools/peers/list.mjs";
import SuiteReporter from "./tools/vitest/report.mjs";

const setupFiles = ["./tools/vitest/fail-on-warning.mjs"];
const found = (wanted: string): Readonly<Record<string, string>> => {
  const peer = peers(process.platform, process.arch).find(({ name }) => name === wanted);
  const program = peer === undefined ? undefined : findPeer(peer);
  return program === undefined ? {} : { [wanted]: program };
};
const storePrograms = found("versitygw");
const exclude = [...configDefaults.exclude, "**/dist/**", "**/gen/**"];

// As many files at a time as there are cores; vitest's own default leaves one idle, and two are all that CI has.
const maxWorkers = "100%";

// One suite after the other: servers and process trees under load would only measure one another.
// Tests import their own package's sources; sibling packages arrive through their dist, so build first.
export default defineConfig({
  test: {
    reporters: ["default", new SuiteReporter()],
    passWithNoTests: true,
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      {
        test: {
          name: "unit",
          sequence: { groupOrder: 0 },
          include: [
            "lib/*/src/**/*.test.ts",
            "*/src/**/*.test.ts",
            "proto/test/**/*.test.ts",
            "test/support/src/**/*.test.ts",
            "test/harness/*.test.ts",
            "tools/**/*.test.mjs",
          ],
          exclude,
          setupFiles,
          testTimeout: 15_000,
          maxWorkers,
          // What is pure leaves nothing behind, so the files of a worker load what they have in common once.
          isolate: false,
        },
      },
      {
        test: {
          name: "conformance",
          sequence: { groupOrder: 1 },
          include: ["lib/storage/test/**/*.test.ts"],
          // Those need servers that are not ours: `npm run test:stores`.
          exclude: [...exclude, "lib/storage/test/stores/**"],
          // The quickest of them serves here, too, if it is there.
          provide: { storePrograms },
          setupFiles,
          testTimeout: 30_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: "service",
          sequence: { groupOrder: 2 },
          include: [
            "{copilot,dataproxy,cache-service,controller,api,manager}/test/**/*.test.ts",
            "lib/{core,runtime}/test/**/*.test.ts",
          ],
          // Those need servers that are not ours, too.
          exclude: [...exclude, "dataproxy/test/stores/**"],
          provide: { storePrograms, databasePrograms: found("pgbouncer") },
          setupFiles,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "e2e",
          sequence: { groupOrder: 3 },
          include: ["test/e2e/**/*.test.ts"],
          exclude,
          provide: { storePrograms, databasePrograms: found("pgbouncer") },
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file has servers, ports and a home of its own. They mostly wait for children to start and to end, but
          // more than two at a time would wait for one another.
          maxWorkers: 2,
        },
      },
    ],
  },
});
