/** Pods for tests, and waiting for what becomes of them. */
import type { Cluster } from "../../src/cluster/cluster.ts";
import type { Container, Pod, PodSpec } from "../../src/cluster/pod-object.ts";

let count = 0;

/** A Pod that is never restarted, with a name of its own. */
export function aPod(spec: Partial<PodSpec> & { readonly containers: readonly Container[] }): Pod {
  count += 1;
  const metadata = { name: `pod-${process.pid}-${count}` };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 5, ...spec },
  };
}

/** A container that runs a line of shell. */
export function shell(name: string, line: string, rest: Partial<Container> = {}): Container {
  return { name, image: "any", command: ["/bin/sh", "-c", line], ...rest };
}

/** The first state of the Pod, from now on, that `wanted` accepts; the last one if it was removed. */
export async function untilPod(cluster: Cluster, name: string, wanted: (pod: Pod) => boolean): Promise<Pod> {
  const { items, resourceVersion } = await cluster.pods.list();
  const now = items.find((pod) => pod.metadata.name === name);
  if (now !== undefined && wanted(now)) return now;
  for await (const { type, object } of cluster.pods.watch(resourceVersion, { signal: AbortSignal.timeout(20_000) })) {
    if (object.metadata.name === name && (wanted(object) || type === "DELETED")) return object;
  }
  throw new Error(`pod ${name}: the watch ended`);
}

export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Creates the Pod and waits for its end. */
export async function runPod(cluster: Cluster, pod: Pod): Promise<Pod> {
  await cluster.pods.create(pod);
  return await untilPod(cluster, pod.metadata.name, hasEnded);
}

/** Resolves with the Pod's removal. */
export async function untilRemoved(cluster: Cluster, name: string): Promise<Pod> {
  const { items, resourceVersion } = await cluster.pods.list();
  const now = items.find((pod) => pod.metadata.name === name);
  if (now === undefined) throw new Error(`pod ${name}: not there`);
  for await (const { type, object } of cluster.pods.watch(resourceVersion, { signal: AbortSignal.timeout(20_000) })) {
    if (object.metadata.name === name && type === "DELETED") return object;
  }
  throw new Error(`pod ${name}: the watch ended`);
}

/** All lines of a container's log. */
export async function logOf(
  cluster: { readonly logs: import("../../src/cluster/local/logs/local-logs.ts").LocalLogs },
  podName: string,
  container: string,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const batch of cluster.logs.read({ podName, container, follow: true })) {
    lines.push(...batch.map(({ line }) => line));
  }
  return lines;
}
