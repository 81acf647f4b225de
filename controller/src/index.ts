export type { Cluster } from "./cluster/cluster.ts";
export type { ContainerVariables } from "./cluster/local/kubelet/container-environment.ts";
export type { Requirement } from "./cluster/local/kubelet/requirements.ts";
export {
  createLocalCluster,
  type LocalCluster,
  type LocalClusterOptions,
  type StopLocalContainersOptions,
  stopLocalContainers,
} from "./cluster/local/local-cluster.ts";
export { localClusterMigrations, localClusterSchema } from "./cluster/local/objects/migrations.ts";
export { localClusterLock } from "./cluster/local/objects/writer-lock.ts";
export { requirePlainDirectory } from "./cluster/local/plain-directory.ts";
export type { Pod } from "./cluster/pod-object.ts";
export {
  actionsSection,
  type ControllerConfig,
  executorSection,
  type PluginsConfig,
  pluginsSection,
} from "./config.ts";
export { type ControllerOptions, createController } from "./controller.ts";
export type { PodLog, PodLogs } from "./log-archive.ts";
export type { PodStorage } from "./pod/copilot.ts";
