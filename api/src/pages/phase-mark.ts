/** Phases and cache statuses in words; a mark and a colour only repeat what the word says. */
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { CatalogCacheStatus } from "@flyte-dataplane/proto/flyteidl2/core/catalog";
import { type Html, html } from "./html.ts";

interface Look {
  readonly word: string;
  readonly mark: string;
  /** Class that colours it. */
  readonly tone: "good" | "bad" | "busy" | "waiting" | "stopped";
}

const unknown: Look = { word: "Unknown", mark: "?", tone: "waiting" };

const looks: Readonly<Record<ActionPhase, Look>> = {
  [ActionPhase.UNSPECIFIED]: unknown,
  [ActionPhase.QUEUED]: { word: "Queued", mark: "○", tone: "waiting" },
  [ActionPhase.WAITING_FOR_RESOURCES]: { word: "Waiting for resources", mark: "○", tone: "waiting" },
  [ActionPhase.INITIALIZING]: { word: "Initializing", mark: "◔", tone: "busy" },
  [ActionPhase.RUNNING]: { word: "Running", mark: "▶", tone: "busy" },
  [ActionPhase.SUCCEEDED]: { word: "Succeeded", mark: "✓", tone: "good" },
  [ActionPhase.FAILED]: { word: "Failed", mark: "✗", tone: "bad" },
  [ActionPhase.ABORTED]: { word: "Aborted", mark: "■", tone: "stopped" },
  [ActionPhase.TIMED_OUT]: { word: "Timed out", mark: "✗", tone: "bad" },
  [ActionPhase.PAUSED]: { word: "Paused", mark: "‖", tone: "waiting" },
  [ActionPhase.RECOVERED]: { word: "Recovered", mark: "✓", tone: "good" },
};

/** Rows of other writers may hold numbers that this version does not know. */
function lookOf(phase: number): Look {
  return (looks as Readonly<Record<number, Look>>)[phase] ?? unknown;
}

export function phaseWord(phase: number): string {
  return lookOf(phase).word;
}

export function phaseChip(phase: number): Html {
  const { word, mark, tone } = lookOf(phase);
  return html`<span class="chip ${tone}"><span aria-hidden="true">${mark}</span> ${word}</span>`;
}

/** The mark alone for eyes, the word for ears: for lists where a word in every row would crowd out the names. */
export function phaseDot(phase: number): Html {
  const { word, mark, tone } = lookOf(phase);
  return html`<span class="dot ${tone}" title="${word}"><span aria-hidden="true">${mark}</span><span class="unseen">${word}</span></span>`;
}

const cacheWords: Readonly<Record<CatalogCacheStatus, string>> = {
  [CatalogCacheStatus.CACHE_DISABLED]: "not used",
  [CatalogCacheStatus.CACHE_MISS]: "miss",
  [CatalogCacheStatus.CACHE_HIT]: "hit",
  [CatalogCacheStatus.CACHE_POPULATED]: "miss, stored",
  [CatalogCacheStatus.CACHE_LOOKUP_FAILURE]: "could not be asked",
  [CatalogCacheStatus.CACHE_PUT_FAILURE]: "could not be filled",
  [CatalogCacheStatus.CACHE_SKIPPED]: "skipped",
  [CatalogCacheStatus.CACHE_EVICTED]: "evicted",
};

export function cacheWord(status: number): string {
  return (cacheWords as Readonly<Record<number, string>>)[status] ?? "unknown";
}
