/** What has to be started for a container on this machine. Pure: paths and words only. */
import type { Env } from "@flyte-dataplane/core";
import type { Container, Pod, Volume } from "../../pod-object.ts";
import { containerEnvironment } from "./container-environment.ts";
import { expandVariables } from "./expand-variables.ts";
import { normalizeMountPath, replaceMountPaths } from "./mount-paths.ts";
import type { PodDirectory, RunDirectory } from "./pod-directory.ts";

/** Paths of programs in images → the words that start them here. */
export type Programs = Readonly<Record<string, readonly string[]>>;

export interface Launch {
  /** The program and its arguments; empty if the Pod names none. */
  readonly words: readonly string[];
  /** The path that the Pod gives, for programs of ours. */
  readonly program?: string;
  readonly environment: ReadonlyMap<string, string>;
  /** Made before the start: the directories of volumes and where the container works. */
  readonly directories: readonly string[];
  readonly workingDirectory: string;
  /** Mount paths that do not exist here, for a warning; empty for programs of ours, which are told the real ones. */
  readonly mountPaths: readonly string[];
}

export interface LaunchOptions {
  readonly directory: PodDirectory;
  readonly run: RunDirectory;
  readonly programs: Programs;
  readonly server: Env;
  readonly variables?: Env;
}

export function containerLaunch(pod: Pod, container: Container, options: LaunchOptions): Launch {
  const { directory, run, programs } = options;
  const mounts = new Map<string, string>();
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumeDirectory(
      directory,
      pod.spec.volumes?.find((other) => other.name === mount.name),
    );
    if (volume !== undefined) mounts.set(normalizeMountPath(mount.mountPath), under(volume, mount.subPath));
  }
  const mountPaths = [...mounts.keys()];
  const mountDirectories = [...mounts.values()];
  if (container.terminationMessagePath !== undefined) mounts.set(container.terminationMessagePath, run.message);

  const { server, variables = {} } = options;
  const given = containerEnvironment(pod, container, { server, variables, tmp: run.tmp });
  const local = (text: string): string => replaceMountPaths(text, mounts);
  const [program, ...rest] = [...(container.command ?? []), ...(container.args ?? [])].map((word) =>
    expandVariables(word, given),
  );
  const ours = program === undefined ? undefined : programs[program];
  const words = program === undefined ? [] : [...(ours ?? [local(program)]), ...rest.map(local)];
  const workingDirectory = workingDirectoryOf(container, local, run);
  return {
    words,
    ...(program === undefined || ours === undefined ? {} : { program }),
    environment: new Map([...given].map(([name, value]) => [name, name === "TMPDIR" ? value : local(value)])),
    directories: [...mountDirectories, run.tmp, run.work, workingDirectory],
    workingDirectory,
    mountPaths: ours === undefined ? mountPaths : [],
  };
}

/** Volumes that the local cluster has: directories of the Pod, and directories of the machine. */
function volumeDirectory(directory: PodDirectory, volume: Volume | undefined): string | undefined {
  if (volume === undefined) return undefined;
  const hostPath = volume["hostPath"];
  if (typeof hostPath === "object" && hostPath !== null && "path" in hostPath && typeof hostPath.path === "string") {
    return hostPath.path;
  }
  return volume.emptyDir === undefined ? undefined : directory.volume(volume.name);
}

/** A directory of an image does not exist here, so only one inside a mount is honoured; else the run gets a fresh one. */
function workingDirectoryOf(container: Container, local: (text: string) => string, run: RunDirectory): string {
  if (container.workingDir === undefined) return run.work;
  const mapped = local(container.workingDir);
  return mapped === container.workingDir ? run.work : mapped;
}

function under(directory: string, subPath: string | undefined): string {
  return subPath === undefined || subPath === "" ? directory : `${directory}/${subPath}`;
}
