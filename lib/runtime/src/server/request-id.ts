/** The caller's own name for its request, in `x-request-id`; undefined where it is none that a log should carry. */
export function requestIdIn(header: string | readonly string[] | null | undefined): string | undefined {
  return typeof header === "string" && /^[\w.:/+=@-]{1,128}$/.test(header) ? header : undefined;
}
