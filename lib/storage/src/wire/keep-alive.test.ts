import { expect, it } from "vitest";
import { keepAliveMs } from "./keep-alive.ts";
import { parseResponseHead } from "./response-head.ts";

it.each([
  { name: "says nothing", lines: ["HTTP/1.1 200 OK"], ms: 10_000 },
  { name: "closes", lines: ["HTTP/1.1 200 OK", "Connection: foo, Close"], ms: 0 },
  { name: "is HTTP/1.0", lines: ["HTTP/1.0 200 OK", "Connection: keep-alive"], ms: 0 },
  { name: "grants five seconds", lines: ["HTTP/1.1 200 OK", "Keep-Alive: timeout=5, max=9"], ms: 4000 },
  { name: "grants one second", lines: ["HTTP/1.1 200 OK", "Keep-Alive: timeout=1"], ms: 0 },
  { name: "grants an hour", lines: ["HTTP/1.1 200 OK", "Keep-Alive: timeout=3600"], ms: 10_000 },
  { name: "grants what is no number", lines: ["HTTP/1.1 200 OK", "Keep-Alive: timeout=ever"], ms: 10_000 },
])("a server that $name leaves a connection $ms ms of idleness", ({ lines, ms }) => {
  expect(keepAliveMs(parseResponseHead(lines))).toBe(ms);
});
