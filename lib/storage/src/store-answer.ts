/**
 * What a store or a server said when it refused, as the `cause` of the `DataPlaneError` it became. The retry wrapper reads
 * the wait from it; the log shows the rest. It holds no header that could be a secret and no query string.
 */
export class StoreAnswer extends Error {
  override readonly name: string = "StoreAnswer";
  /** Of the HTTP answer. */
  readonly status: number;
  /** The provider's own word, such as `SlowDown`; empty where the answer had none. */
  readonly code: string;
  /** How long the store asks to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** The store's time at the answer, milliseconds since the Unix epoch. */
  readonly serverDateMs: number | undefined;
  /** Under which the store's operators find the request. */
  readonly requestId: string | undefined;

  constructor(status: number, code: string, details: StoreAnswerDetails = {}) {
    super(details.message === undefined || details.message === "" ? `${status} ${code}`.trim() : details.message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = details.retryAfterMs;
    this.serverDateMs = details.serverDateMs;
    this.requestId = details.requestId;
  }
}

export interface StoreAnswerDetails {
  /** The store's explanation, shortened to what may stand in a log. */
  readonly message?: string;
  readonly retryAfterMs?: number | undefined;
  readonly serverDateMs?: number | undefined;
  readonly requestId?: string | undefined;
}

/**
 * `Retry-After` in milliseconds from `now`: seconds or a date, never negative. Undefined for anything else, so that a
 * malformed wait is no wait.
 */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const moment = httpDate(value);
  return moment === undefined ? undefined : Math.max(0, moment - now);
}

/** A date of HTTP in milliseconds since the Unix epoch; undefined where it is none. */
export function httpDate(value: string | undefined): number | undefined {
  // `Date.parse` alone would take "1" for a year: a date of HTTP begins with its weekday and ends in GMT.
  if (value === undefined) return undefined;
  // Objects of a tree were written within a few seconds.
  if (latestDate.text === value) return latestDate.moment;
  const moment = /^[A-Z][a-z]{2,8},? .* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  latestDate = { text: value, moment: Number.isNaN(moment) ? undefined : moment };
  return latestDate.moment;
}

let latestDate: { readonly text: string; readonly moment: number | undefined } = { text: "", moment: undefined };
