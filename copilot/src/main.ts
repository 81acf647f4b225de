// As process 1 of a container, a program without a handler ignores SIGTERM: so the handler comes first, and everything
// else is loaded behind it.
const termination = new AbortController();
process.on("SIGTERM", () => termination.abort());
// By this the startup probe sees from outside that the line above has run. Node itself catches SIGTERM long before, only
// to pass it on to the default; nobody but us catches this signal, which by default is ignored.
process.on("SIGURG", () => undefined);

const { runCommandLine } = await import("./command-line.ts");
const { systemClock } = await import("./clock.ts");

// A log that nobody takes any more ends no run: what it came for, outputs or a report, is still to be written.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const status = await runCommandLine(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
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
