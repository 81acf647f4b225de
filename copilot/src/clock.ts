// A file of its own, so that the bundler takes the clock and leaves the loggers and figures that live beside it.
export { systemClock } from "@flyte-dataplane/runtime/lifecycle";
