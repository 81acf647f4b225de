/** A Kubernetes of one node on this machine: API server, scheduler, kubelet, containerd. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";

const run = promisify(execFile);
const scripts = fileURLToPath(new URL("../support/kubernetes/", import.meta.url));
const rootfs = fileURLToPath(new URL("../../copilot/rootfs.mjs", import.meta.url));

/** The node's own address, as Pods see it. */
export const nodeAddress = "10.244.0.1";
export const copilotImage = "localhost/flyte-copilot:1";
export const taskImage = "localhost/task:1";
export const namespace = "flyte";

export interface KubernetesNode {
  /** Runs kubectl and gives its stdout; `input` is its stdin. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  stop(): Promise<void>;
}

export interface NodeOptions {
  /** Folder of the Kubernetes programs. */
  readonly assets: string;
  /** Path of a static busybox. */
  readonly busybox: string;
}

/** Resolves once the node is ready for Pods of `copilotImage` and `taskImage`. */
export async function startNode({ assets, busybox }: NodeOptions): Promise<KubernetesNode> {
  // Sockets below it have a limit of 108 characters.
  const state = await mkdtemp(path.join(tmpdir(), "fdp-kube-"));
  const env = {
    PATH: process.env["PATH"],
    // kubectl keeps what it learnt of a cluster below it.
    HOME: state,
    KUBEBUILDER_ASSETS: assets,
    KUBE_STATE: path.join(state, "state"),
    KUBE_PORT: `${await freePort()}`,
    POD_GATEWAY: nodeAddress,
    IMAGE_ENV: "PATH=/usr/bin:/bin",
  };
  const script = async (name: string, ...args: readonly string[]): Promise<string> =>
    (await run(path.join(scripts, name), args, { env, maxBuffer: 1 << 24 })).stdout;
  const kubectl = (args: readonly string[], input = ""): Promise<string> => {
    const words = ["--kubeconfig", path.join(env.KUBE_STATE, "admin.kubeconfig"), "--namespace", namespace, ...args];
    return new Promise((resolve, reject) => {
      const child = execFile(
        path.join(assets, "kubectl"),
        words,
        { env, maxBuffer: 1 << 24 },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(new Error(`kubectl ${args.join(" ")}: ${stderr}`, { cause: error }));
        },
      );
      child.stdin?.end(input);
    });
  };
  const stop = async (): Promise<void> => {
    await script("node-down.sh").catch(() => undefined);
    await script("kube-down.sh", "--purge");
    await rm(state, { recursive: true, force: true });
  };
  try {
    const archives = path.join(state, "images");
    await mkdir(archives);
    const image = async (name: string, rootfs: string, ...entrypoint: readonly string[]): Promise<string> => {
      const archive = path.join(archives, `${name.replaceAll(/[^a-z]/g, "-")}.tar`);
      await script("image-build.sh", name, rootfs, archive, ...entrypoint);
      return archive;
    };
    const task = await busyboxRoot(path.join(state, "task"), busybox);
    const copilot = await busyboxRoot(path.join(state, "copilot"), busybox);
    await run(process.execPath, [rootfs, copilot]);
    await script("kube-up.sh", "--controllers");
    await script(
      "node-up.sh",
      await image("localhost/pause:1", task, "/bin/sleep", "1000000"),
      await image(taskImage, task),
      await image(copilotImage, copilot),
    );
    await kubectl(["create", "namespace", namespace]);
    // Pods are refused until a controller has made it.
    await until(async () => await kubectl(["get", "serviceaccount", "default"]));
    return { kubectl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Tries until it succeeds; a test that waits for ever ends by its own limit. */
export async function until<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function busyboxRoot(root: string, busybox: string): Promise<string> {
  for (const folder of ["bin", "usr/bin", "tmp", "etc", "proc"])
    await mkdir(path.join(root, folder), { recursive: true });
  await cp(busybox, path.join(root, "bin", "busybox"));
  for (const applet of ["sh", "cat", "cp", "echo", "ls", "mkdir", "sleep", "true"]) {
    await symlink("busybox", path.join(root, "bin", applet));
  }
  return root;
}
