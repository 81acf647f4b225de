// @ts-check
// Who may import whom, after the build: an edge into a sibling package arrives at its dist. tools/graph.test.mjs plants
// one violation per rule and sees it reported.

const services = "copilot|dataproxy|cache-service|controller|api";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "proto-is-the-bottom",
      comment: "generated messages know nothing of ours",
      severity: "error",
      from: { path: "^proto/" },
      to: { path: `^(lib|${services}|manager|test)/` },
    },
    {
      name: "core-is-the-bottom",
      comment: "what two processes must agree on depends on proto and nothing else of ours",
      severity: "error",
      from: { path: "^lib/core/" },
      to: { path: `^(lib/(storage|runtime|kubernetes)|${services}|manager)/` },
    },
    {
      name: "libraries-know-no-service",
      comment: "what services share must not learn of one of them",
      severity: "error",
      from: { path: "^lib/" },
      to: { path: `^(${services}|manager)/` },
    },
    {
      name: "libraries-are-islands",
      comment: "a service that needs one library does not pull in another",
      severity: "error",
      from: { path: "^lib/(storage|runtime|kubernetes)/" },
      to: { path: "^lib/(storage|runtime|kubernetes)/", pathNot: "^lib/$1/" },
    },
    {
      name: "services-are-islands",
      comment: "a service reaches another through a client that manager hands it",
      severity: "error",
      from: { path: `^(${services})/` },
      to: { path: `^(${services}|manager)/`, pathNot: "^$1/" },
    },
    {
      name: "nothing-points-at-the-top",
      comment: "end-to-end tests and commands are entered, never imported",
      severity: "error",
      from: { path: `^(proto|lib|${services}|manager)/` },
      to: { path: "^(test/e2e|tools)/" },
    },
    {
      name: "only-tests-use-test-support",
      comment: "fakes never reach a program; a fuzz target borrows a type",
      severity: "error",
      from: { path: `^(lib|${services}|manager)/`, pathNot: "(\\.test\\.ts$|\\.fuzz\\.ts$|/test/|/src/conformance/)" },
      to: { path: "^test/support/" },
    },
    {
      name: "test-support-is-a-leaf",
      comment: "any package's tests may use it, so it uses no package but the ones at the bottom",
      severity: "error",
      from: { path: "^test/support/" },
      to: { path: `^(lib/(storage|runtime|kubernetes)|${services}|manager)/` },
    },
    {
      name: "public-entries-only",
      comment: "another package's sources are not an entry; its exports name the dist",
      severity: "error",
      from: { path: "^(lib/[^/]+|[^/]+)/" },
      to: { path: `^(lib/[^/]+|${services}|manager|test/support)/src/`, pathNot: "^$1/" },
    },
    {
      name: "sdk-stays-in-its-driver",
      comment: "a cloud SDK costs hundreds of milliseconds to load; its driver alone decides when",
      severity: "error",
      from: { pathNot: "^lib/storage/(src/drivers|test)/" },
      to: { path: "(@aws-sdk|@google-cloud|@azure)/" },
    },
    {
      name: "kubernetes-client-stays-in-its-library",
      comment: "one package knows the client, its auth and its types",
      severity: "error",
      from: { pathNot: "^lib/kubernetes/" },
      to: { path: "@kubernetes/client-node" },
    },
    {
      name: "sockets-stay-at-the-edges",
      comment:
        "framing, timeouts and certificates are judged in one place each: the byte mover, credentials, server, database",
      severity: "error",
      from: {
        path: `^(proto|lib|${services}|manager)/`,
        pathNot:
          "(^lib/storage/src/(wire|drivers/s3/credentials)/|^lib/runtime/src/(server|database)/|^lib/kubernetes/src/|\\.test\\.ts$|/test/)",
      },
      to: { dependencyTypes: ["core"], path: "^(node:)?(net|tls)$" },
    },
    {
      name: "contract-knows-no-driver",
      comment: "what callers use must not prefer one store",
      severity: "error",
      from: { path: "^lib/storage/src/(driver|bucket|uri)\\.ts$" },
      to: { path: "^lib/storage/src/drivers/" },
    },
    {
      name: "no-cycles",
      comment: "a cycle has no first file to read",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "everything-resolves",
      comment: "else a sibling that is not built hides its edges",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "(^|/)(node_modules|dist|gen)/" },
    exclude: { path: "(^|/)fixtures/" },
    tsPreCompilationDeps: true,
    moduleSystems: ["es6", "cjs"],
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".json", ".d.ts"],
    },
  },
};
