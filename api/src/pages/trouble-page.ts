/** What a reader is told instead of a page. */
import { Code } from "@connectrpc/connect";
import { toConnectError } from "@flyte-dataplane/runtime/server";
import { documentText } from "./document.ts";
import { html } from "./html.ts";

export interface TroublePage {
  readonly status: number;
  readonly text: string;
}

/** An error of ours or of a call, as a page; what was not planned says no more than that. */
export function troublePage(error: unknown): TroublePage {
  const known = toConnectError(error);
  const { status, title } = rows[known.code] ?? { status: 500, title: "Something went wrong" };
  const reason = status === 500 ? "The server's log says what happened." : known.rawMessage;
  return { status, text: wordsPage(title, reason) };
}

const rows: Readonly<Partial<Record<Code, { readonly status: number; readonly title: string }>>> = {
  [Code.InvalidArgument]: { status: 400, title: "This address cannot be right" },
  [Code.NotFound]: { status: 404, title: "Not found" },
  [Code.PermissionDenied]: { status: 403, title: "Not allowed" },
  [Code.FailedPrecondition]: { status: 409, title: "Not possible as things stand" },
  [Code.Unimplemented]: { status: 501, title: "Not offered" },
  [Code.Unavailable]: { status: 503, title: "Not available just now" },
  [Code.DeadlineExceeded]: { status: 503, title: "Not available just now" },
  [Code.ResourceExhausted]: { status: 503, title: "Too much at once" },
};

/** A page of one paragraph. */
export function wordsPage(title: string, reason: string): string {
  return documentText({
    title: `${title} · Flyte`,
    steps: [{ name: "All runs", path: "/" }, { name: title }],
    main: html`<div class="title"><h1>${title}</h1><p>${reason}</p><p><a href="/">See the newest runs</a></p></div>`,
  });
}
