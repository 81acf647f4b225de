// @ts-check
// Loaded into every test process: a warning (a leaked listener, a deprecated call, an unsettled handle) fails the run
// like an error, since the next reader would only scroll past it.
const installed = Symbol.for("flyte-dataplane.fail-on-warning");
const flags = /** @type {Record<symbol, boolean>} */ (/** @type {unknown} */ (globalThis));

// Setup files run once per test file; a process that serves several files needs the listener once.
if (!flags[installed]) {
  flags[installed] = true;
  process.on("warning", (warning) => {
    throw new Error(`process warning: ${warning.name}: ${warning.message}`, { cause: warning });
  });
}
