// @ts-check
// `npm run test:pods`: Pods as our controller builds them, on a real kubelet of this machine.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findPeer, findProgram } from "./peers/get.mjs";
import { peers } from "./peers/list.mjs";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const filters = process.argv.slice(2);

if (filters.includes("--help")) {
  console.log(`npm run test:pods -- [FILTER]...
  FILTER  files or other arguments of vitest; a filtered run leaves the report alone
Needs root; the Debian packages containerd, runc, containernetworking-plugins, iptables and busybox-static; MinIO (npm run
tools); and KUBEBUILDER_ASSETS, the folder where test/support/kubernetes/kube-build.sh put etcd, kube-apiserver, kubectl,
kube-controller-manager, kube-scheduler and kubelet. Without them the tests are skipped, each with that reason.`);
} else {
  process.exitCode = await main();
}

/** @returns {Promise<number>} */
async function main() {
  const built = await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] });
  if (built !== 0) return built;
  const server = peers(process.platform, process.arch).find(({ name }) => name === "minio");
  const minio = (server && findPeer(server)) ?? "";
  const assets = process.env["KUBEBUILDER_ASSETS"] ?? "";
  const pods = { reason: whyNoNode(assets, minio), assets, busybox: findProgram("busybox") ?? "", minio };
  if (pods.reason !== "") console.error(`test:pods: there can be no node here: ${pods.reason}`);
  return await runStep(root, {
    name: "pods",
    command: ["vitest", "run", "--config=test/pods/vitest.config.ts", ...filters],
    env: { FLYTE_DATAPLANE_PODS: JSON.stringify({ pods }) },
  });
}

/**
 * @param {string} assets
 * @param {string} minio
 * @returns {string} empty where there can be one
 */
function whyNoNode(assets, minio) {
  if (process.platform !== "linux") return "a kubelet is of Linux";
  if (process.getuid?.() !== 0) return "it needs root";
  if (assets === "") return "KUBEBUILDER_ASSETS is not set";
  const programs = ["etcd", "kube-apiserver", "kubectl", "kube-controller-manager", "kube-scheduler", "kubelet"];
  const lacking = programs.find((name) => !existsSync(path.join(assets, name)));
  if (lacking !== undefined) return `KUBEBUILDER_ASSETS has no ${lacking}`;
  const missing = ["containerd", "runc", "iptables", "busybox", "openssl"].find(
    (name) => findProgram(name) === undefined,
  );
  if (missing !== undefined) return `it needs ${missing}`;
  return minio === "" ? "it needs MinIO: npm run tools -- --only minio" : "";
}
