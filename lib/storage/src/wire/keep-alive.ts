import type { ResponseHead } from "./response-head.ts";

/** Below what the usual servers grant (nginx 60 s and more, S3 about 20 s), for those that do not say. */
const usualMs = 10_000;
/** A request must not set out in the moment in which the server closes. */
const marginMs = 1000;

/** How many milliseconds a connection may stay idle after this response and still be used; 0 when it is to close. */
export function keepAliveMs(head: ResponseHead): number {
  if (head.version === "1.0" || head.connection.has("close")) return 0;
  const told = head.headers.get("keep-alive");
  if (told === undefined) return usualMs;
  const granted = /(?:^|[ ,;])timeout=([0-9]{1,6})(?:$|[ ,;])/i.exec(told)?.[1];
  if (granted === undefined) return usualMs;
  return Math.min(usualMs, Math.max(0, Number(granted) * 1000 - marginMs));
}
