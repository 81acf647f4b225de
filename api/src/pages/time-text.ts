/** Instants and spans for people. Instants are UTC here; the page's script, where it runs, shows the reader's own zone. */
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Html, html } from "./html.ts";

export function instant(time: Timestamp | undefined): Html {
  if (time === undefined) return html`–`;
  const iso = new Date(timestampMs(time)).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}

/** What lies between two instants; without an end the time until `nowMs`, marked so that the script lets it run on. */
export function span(start: Timestamp | undefined, end: Timestamp | undefined, nowMs: number): Html {
  if (start === undefined) return html`–`;
  const startMs = timestampMs(start);
  if (end !== undefined) return html`${spanText(timestampMs(end) - startMs)}`;
  return html`<span data-since="${startMs}">${spanText(nowMs - startMs)}</span>`;
}

/** `840 ms`, `12.3 s`, `4 min 05 s`, `3 h 12 min`, `2 d 4 h`; negative spans, of clocks that disagree, are 0 ms. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.trunc(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.trunc(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.trunc(hours / 24)} d ${hours % 24} h`;
}

/** `12,345`: digits in threes. */
export function countText(count: number): string {
  return count.toLocaleString("en-US");
}
