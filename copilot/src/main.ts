// As process 1 of a container, a program without a handler ignores SIGTERM: so the handler comes first, and everything
// else is loaded behind it.
const termination = new AbortController();
process.on("SIGTERM", () => termination.abort());
// By this the startup probe sees from outside that the line above has run. Node itself catches SIGTERM long before, only
// to pass it on to the default; nobody but us catches this signal, which by default is ignored.
process.on("SIGURG", () => undefined);

const { runCommandLine } = await import("./command-line.ts");
const { systemClock } = await import("./clock.ts");

const status = await runCommandLine(process.argv.slice(2), {
  stdout: writerTo("stdout"),
  stderr: writerTo("stderr"),
  pid: process.pid,
  workingDirectory: process.cwd(),
  env: process.env,
  setFileMask: (mask) => {
    process.umask(mask);
  },
  terminated: termination.signal,
  clock: systemClock,
  nodeVersion: process.version,
  terminationLog: "/dev/termination-log",
});
process.exit(status);

/** Node makes the stream when it is first asked for: most runs have nothing to say. */
function writerTo(name: "stdout" | "stderr"): (text: string) => void {
  let listens = false;
  return (text) => {
    // A log that nobody takes any more ends no run: what it came for, outputs or a report, is still to be written.
    if (!listens) process[name].on("error", () => undefined);
    listens = true;
    process[name].write(text);
  };
}
