import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { LocalCluster } from "@flyte-dataplane/controller";
import type { LogReader } from "@flyte-dataplane/dataproxy";

/** The local cluster's logs as the dataproxy reads them. */
export function localLogReader(cluster: LocalCluster): LogReader {
  return {
    async *read({ pod, container }, { signal, tailLines }) {
      let skip = 0;
      // Lines that came together have the same time.
      let stamp = timestampFromMs(0);
      let stampMs = 0;
      const at = (ms: number): Timestamp => {
        if (ms !== stampMs) [stamp, stampMs] = [timestampFromMs(ms), ms];
        return stamp;
      };
      if (tailLines !== undefined) skip = Math.max(0, (await countLines(cluster, pod, container, signal)) - tailLines);
      for await (const lines of cluster.logs.read({ podName: pod, container, follow: true, signal })) {
        const wanted = lines.slice(skip);
        skip -= lines.length - wanted.length;
        if (wanted.length > 0) yield wanted.map(({ time, line }) => ({ time: at(time), text: `${line}\n` }));
      }
    },
  };
}

async function countLines(
  cluster: LocalCluster,
  podName: string,
  container: string,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for await (const lines of cluster.logs.read({ podName, container, follow: false, signal })) count += lines.length;
  return count;
}
