/** Where the files of a Pod are. Container names are DNS labels, so a name with "_" is never a container's. */
import { join } from "node:path";

/** `<pods>/<uid>` and what is inside; `pods` is an absolute path. */
export interface PodDirectory {
  readonly path: string;
  volume(name: string): string;
  container(name: string): string;
  run(container: string, restart: number): RunDirectory;
}

/** `<pod>/<container>/<restart>`. */
export interface RunDirectory {
  readonly path: string;
  /** Created by the process that runs, as its first act. */
  readonly started: string;
  readonly identity: string;
  /** Exit code in decimal and a line end. */
  readonly exit: string;
  /** JSON, written by the kubelet for a run that has no `exit`. */
  readonly failure: string;
  /** Holds the time in milliseconds when SIGTERM was sent. */
  readonly stop: string;
  /** There if the server stopped the run for its own sake, not the Pod's. */
  readonly reaped: string;
  /** Holds the time in milliseconds when the startup probe passed. */
  readonly probed: string;
  readonly log: string;
  /** When which part of the log was written. */
  readonly logTimes: string;
  /** Holds the offset at which the log begins, once its oldest part was given back. */
  readonly logStart: string;
  /** The termination message. */
  readonly message: string;
  readonly work: string;
  readonly tmp: string;
}

/** Beside the containers' directories. */
export const volumesFolder = "_volumes";

export function podDirectory(pods: string, uid: string): PodDirectory {
  const path = join(pods, uid);
  return {
    path,
    volume: (name) => join(path, volumesFolder, name),
    container: (name) => join(path, name),
    run: (container, restart) => runDirectory(join(path, container, String(restart))),
  };
}

function runDirectory(path: string): RunDirectory {
  const inside = (name: string): string => join(path, name);
  return {
    path,
    started: inside("started"),
    identity: inside("identity"),
    exit: inside("exit"),
    failure: inside("failure"),
    stop: inside("stop"),
    reaped: inside("reaped"),
    probed: inside("probed"),
    log: inside("log"),
    logTimes: inside("log-times"),
    logStart: inside("log-start"),
    message: inside("message"),
    work: inside("work"),
    tmp: inside("tmp"),
  };
}
