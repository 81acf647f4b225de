/** The pages' addresses on the server, and what every answer of theirs carries. */
import { DataPlaneError } from "@flyte-dataplane/core";
import { type HttpContext, readStaticFiles, type Service } from "@flyte-dataplane/runtime/server";
import { actionIdentifier } from "../identifiers.ts";
import { assetNames, assetsPath, pageHeaders } from "./document.ts";
import { dataLink, reportLink } from "./links.ts";
import { liveRun } from "./live-run.ts";
import { followLog, type LogRef } from "./log-window.ts";
import { addressedTo, attemptOf, leavingOf, projectOf, queryOf, runOf, taskOf } from "./page-request.ts";
import type { PagesDeps } from "./pages-deps.ts";
import { runDocument } from "./run-document.ts";
import { countIn, parseRunView } from "./run-view.ts";
import { runsPage } from "./runs-page.ts";
import { begun, streamOf } from "./text-stream.ts";
import { troublePage, wordsPage } from "./trouble-page.ts";

type App = Parameters<NonNullable<Service["http"]>>[0];

/** Beside the sources, and as far from their compiled form. */
const assetsFolder: URL = new URL("../../browser/", import.meta.url);

/** Open pages that are kept up to date at once, each with a connection and a subscription. */
const mostLive = 500;

const htmlType = "text/html; charset=utf-8";
const runsRoute = "/v2/domain/:domain/project/:project/runs";

export function pagesRoutes(deps: PagesDeps): NonNullable<Service["http"]> {
  return (app, context) => {
    void app.register(async (scope) => {
      await serveAssets(scope);
      scope.addHook("onRequest", async (_request, reply) => {
        reply.headers(pageHeaders);
      });
      scope.setErrorHandler((error, _request, reply) => {
        const { status, text } = troublePage(error);
        if (status === 500) deps.logger.error({ error }, "page could not be shown");
        return reply.code(status).type(htmlType).send(text);
      });
      serveLists(scope, deps);
      serveRun(scope, deps, context);
      serveLive(scope, deps, context);
      scope.get("/v2/*", async (_request, reply) =>
        reply
          .code(404)
          .type(htmlType)
          .send(wordsPage("Not found", "Runs and tasks have pages here; what this link leads to has none.")),
      );
    });
  };
}

async function serveAssets(app: App): Promise<void> {
  for (const file of await readStaticFiles(assetsFolder, assetNames)) {
    app.get(`${assetsPath}${file.name}`, async (request, reply) => {
      reply.headers({
        // Asked for again with every page, and answered in a line unless the server was renewed.
        "cache-control": "no-cache",
        etag: file.etag,
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
      });
      if (request.headers["if-none-match"] === file.etag) return reply.code(304).send();
      return reply.type(file.contentType).send(file.bytes);
    });
  }
}

function serveLists(app: App, deps: PagesDeps): void {
  app.get("/", async (request, reply) =>
    reply.type(htmlType).send(await runsPage(deps, {}, queryOf(request).get("token") ?? "")),
  );
  app.get(runsRoute, async (request, reply) =>
    reply
      .type(htmlType)
      .send(await runsPage(deps, { project: projectOf(request) }, queryOf(request).get("token") ?? "")),
  );
  app.get("/v2/domain/:domain/project/:project/tasks/:task", async (request, reply) => {
    const scope = { project: projectOf(request), task: taskOf(request) };
    return reply.type(htmlType).send(await runsPage(deps, scope, queryOf(request).get("token") ?? ""));
  });
}

function serveRun(app: App, deps: PagesDeps, { draining }: HttpContext): void {
  app.get(`${runsRoute}/:run`, async (request, reply) => {
    const signal = leavingOf(reply.raw, draining);
    return reply.type(htmlType).send(await runDocument(deps, runOf(request), parseRunView(queryOf(request)), signal));
  });
  app.get(`${runsRoute}/:run/data`, async (request, reply) => {
    const call = { headers: addressedTo(request), signal: leavingOf(reply.raw, draining) };
    return reply.redirect(await dataLink(deps, attemptOf(request), queryOf(request), call), 303);
  });
  app.get(`${runsRoute}/:run/report`, async (request, reply) => {
    const call = { headers: addressedTo(request), signal: leavingOf(reply.raw, draining) };
    return reply.redirect(await reportLink(deps, attemptOf(request), call), 303);
  });
  // A HEAD would read the whole log to say nothing of it.
  app.route({
    method: "GET",
    url: `${runsRoute}/:run/log`,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const signal = leavingOf(reply.raw, draining);
      const { action, attempt } = attemptOf(request);
      const text = await begun(logText(deps, { actionId: actionIdentifier(action), attempt }, signal));
      return reply.type("text/plain; charset=utf-8").send(streamOf(text, signal));
    },
  });
}

/** Lines as they were printed: a plain text is shown as it is, so nothing in it can do harm. */
async function* logText(deps: PagesDeps, ref: LogRef, signal: AbortSignal): AsyncIterable<string> {
  for await (const lines of followLog(deps, ref, signal)) {
    yield lines.map(({ message }) => (message.endsWith("\n") ? message : `${message}\n`)).join("");
  }
}

function serveLive(app: App, deps: PagesDeps, { draining }: HttpContext): void {
  let live = 0;
  app.route({
    method: "GET",
    url: `${runsRoute}/:run/live`,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      // Another site's page may not hold connections here, though it could not read from them.
      const site = request.headers["sec-fetch-site"] ?? "none";
      if (site !== "same-origin" && site !== "none")
        throw new DataPlaneError("permission_denied", "Only this server's own pages are kept up to date.");
      if (live >= mostLive)
        throw new DataPlaneError("resource_exhausted", `${mostLive} pages are kept up to date already.`);
      live += 1;
      reply.raw.once("close", () => {
        live -= 1;
      });
      const query = queryOf(request);
      const signal = leavingOf(reply.raw, draining);
      const seen = { attempt: countIn(query, "seen"), nextLine: countIn(query, "next") ?? 1 };
      const events = await begun(liveRun(deps, runOf(request), parseRunView(query), seen, signal));
      return reply.type("text/event-stream; charset=utf-8").send(streamOf(events, signal));
    },
  });
}
