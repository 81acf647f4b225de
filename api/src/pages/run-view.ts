/** Which part of a run a page shows, from its address. */
import { invalid, part, rootActionName } from "../identifiers.ts";

export interface RunView {
  readonly action: string;
  /** Absent: the newest. */
  readonly attempt: number | undefined;
  readonly filter: PhaseFilter;
  /** Page of the list of actions, counted from 1. */
  readonly page: number;
  /** First line of the log to show, counted from 1; absent: the newest lines, followed. */
  readonly fromLine: number | undefined;
}

export type PhaseFilter = "all" | "active" | "succeeded" | "failed" | "aborted";

/** Phase numbers of each filter; none stands for every one. */
export const phaseFilters: Readonly<Record<PhaseFilter, readonly number[]>> = {
  all: [],
  active: [0, 1, 2, 3, 4, 9],
  succeeded: [5, 10],
  failed: [6, 8],
  aborted: [7],
};

/** `invalid_argument` names the parameter that is malformed; parameters of other names are not looked at. */
export function parseRunView(query: URLSearchParams): RunView {
  return {
    action: part("i", query.get("i") ?? rootActionName),
    attempt: countIn(query, "attempt"),
    filter: filterIn(query),
    page: countIn(query, "page") ?? 1,
    fromLine: countIn(query, "line"),
  };
}

/** A number counted from 1 of at most nine digits. */
export function countIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw invalid(`${name}: is no number counted from 1`);
  return Number(text);
}

function filterIn(query: URLSearchParams): PhaseFilter {
  const text = query.get("show") ?? "all";
  if (!isFilter(text)) throw invalid(`show: is none of ${Object.keys(phaseFilters).join(", ")}`);
  return text;
}

function isFilter(text: string): text is PhaseFilter {
  return Object.hasOwn(phaseFilters, text);
}
