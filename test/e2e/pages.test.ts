/** The pages in a real browser: what it shows, what it complains of, and what a keyboard and a screen reader find. */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Browser, chromiumPath, type OpenOptions, type Page, startBrowser } from "./chromium.ts";
import { type PageRun, startPageRun } from "./page-run.ts";
import { emptyHome, type Run, runMain } from "./server-process.ts";

// Its declarations name the browser's types, so it is read as the text that it is here: what a page is given to run.
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const phone: OpenOptions = { width: 390, height: 844 };

describe.skipIf(chromiumPath === undefined)("a page, in Chromium (needs Debian's chromium)", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let server: Run;
  let url: string;
  let browser: Browser;
  let run: PageRun;
  let finish: () => Promise<void>;
  beforeAll(async () => {
    home = await emptyHome();
    const data = join(home.path, "data");
    server = runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "warn"], {
      HOME: home.path,
      TMPDIR: home.path,
    });
    [, url = ""] = await server.printed(/ready on (http:\/\/localhost:\d+)/);
    const until = join(home.path, "finish");
    finish = () => writeFile(until, "");
    browser = await startBrowser(home.path);
    run = await startPageRun(url, { until, base: join(data, "blobs") });
    await run.reached("quick", ActionPhase.SUCCEEDED);
    await run.reached("broken", ActionPhase.FAILED);
    await run.reached("hostile", ActionPhase.SUCCEEDED);
    await run.reached("slow", ActionPhase.RUNNING);
  });
  afterAll(async () => {
    await finish();
    await browser.close();
    server.child.kill("SIGTERM");
    await server.ended;
    await home.remove();
  });

  const textOf = (page: Page, selector: string) =>
    page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ""`);

  /** Faults in the page's structure, roles, names and contrasts, one line each. */
  async function faults(page: Page): Promise<readonly string[]> {
    await page.evaluate(await readFile(axe, "utf8"));
    return await page.evaluate(
      `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
        violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html.slice(0, 120), failureSummary].join(" | "))))`,
    );
  }

  const views: readonly (readonly [string, () => string, OpenOptions])[] = [
    ["a run, on a desk", () => `${run.path}?i=broken`, {}],
    ["a run, on a phone", () => `${run.path}?i=broken`, phone],
    ["a run, in the dark", () => `${run.path}?i=slow`, { dark: true }],
    ["an action with a file", () => `${run.path}?i=quick`, {}],
    ["an action with a hostile name", () => `${run.path}?i=hostile`, phone],
    ["the newest runs", () => "/", {}],
    ["the newest runs, on a phone in the dark", () => "/", { ...phone, dark: true }],
    ["what is not there", () => `${run.path}x`, {}],
  ];

  test.each(views)(
    "%s: no faults of access, no complaint of the browser, nothing beyond the edge",
    async (_name, path, options) => {
      const page = await browser.open(url + path(), options);
      const seen = {
        faults: await faults(page),
        beyond: await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth"),
        landmarks: await page.evaluate<number>('document.querySelectorAll("main, header").length'),
        headings: await page.evaluate<number>('document.querySelectorAll("h1").length'),
      };
      expect(seen).toEqual({ faults: [], beyond: 0, landmarks: 2, headings: 1 });
      // The browser itself notes that a page was not found.
      expect(page.complaints.filter((line) => !line.includes("404 (Not Found)"))).toEqual([]);
      await page.close();
    },
  );

  test("a picture without words, planted in the page, is a fault of access", async () => {
    const page = await browser.open(url + run.path);
    await page.evaluate(`document.querySelector("main").append(document.createElement("img"))`);
    expect((await faults(page)).join()).toMatch(/^image-alt /);
    await page.close();
  });

  test("hostile names and lines are read, not run", async () => {
    const page = await browser.open(`${url}${run.path}?i=hostile`);
    await page.until('document.querySelector("#lines li") !== null');
    expect(await page.evaluate("document.title")).not.toBe("owned");
    expect(await page.evaluate('document.querySelectorAll("main script, main img").length')).toBe(0);
    expect(await textOf(page, "#lines")).toContain("</ol></main>");
    await page.close();
  });

  test("a script that got into the page all the same would not run", async () => {
    const page = await browser.open(url + run.path);
    await page.evaluate(
      `(() => { const script = document.createElement("script"); script.textContent = "document.title = 'owned'"; document.body.append(script); })()`,
    );
    await page.until("true");
    expect(await page.evaluate("document.title")).not.toBe("owned");
    expect(page.complaints.join("\n")).toContain("ContentSecurityPolicyIssue");
    await page.close();
  });

  test("without scripts everything is there", async () => {
    const page = await browser.open(`${url}${run.path}?i=slow`, { scripts: false });
    expect(await textOf(page, "#summary")).toContain("Running");
    expect(await textOf(page, "#actions")).toContain("1 succeeded, 1 failed");
    expect(await textOf(page, "#lines")).toContain("row group 1");
    expect(page.complaints).toEqual([]);
    await page.close();
  });

  test("keys alone lead past the top, to an action and into it, and show where they are", async () => {
    const page = await browser.open(url + run.path);
    await page.press("Tab");
    expect(await page.evaluate("document.activeElement.className")).toBe("skip");
    const onBroken = `document.activeElement.matches('#node-broken a')`;
    for (let stops = 0; !(await page.evaluate<boolean>(onBroken)); stops += 1) {
      expect(stops).toBeLessThan(40);
      await page.press("Tab");
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    }
    await page.press("Enter");
    await page.until(`location.search === "?i=broken" && document.querySelector("#details .notice") !== null`);
    expect(await textOf(page, "#node-broken a[aria-current]")).toContain("columns");
    await page.close();
  });

  test("a file of an output comes down by its link", async () => {
    const page = await browser.open(`${url}${run.path}?i=quick`);
    expect(await textOf(page, "#data")).toContain("rows");
    const link = await page.evaluate<string>(`document.querySelector('#data a[href*="output=rows"]').href`);
    const answer = await fetch(link);
    expect(await answer.text()).toBe("a,b\n");
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment/);
    await page.close();
  });

  // The last one: it ends the run.
  test("an open page follows the log and the run to its end, and keeps what its reader holds", async () => {
    const page = await browser.open(`${url}${run.path}?i=slow`);
    await page.until('document.getElementById("live").textContent !== ""');
    const before = await page.evaluate<number>('document.querySelectorAll("#lines li").length');
    await page.until(`document.querySelectorAll("#lines li").length > ${before}`);
    await page.evaluate(`(() => {
      window.held = document.querySelector("#node-quick a");
      held.focus();
      document.querySelector("#actions details").open = false;
    })()`);
    await finish();
    await page.until('document.querySelector("#summary").textContent.includes("Succeeded")');
    await page.until('document.querySelector("#log-end").textContent === "The log has ended."');
    expect(await textOf(page, "#lines")).toMatch(/row group \d+.*over/);
    expect(await textOf(page, "#told")).toBe(`Run ${run.name}: Succeeded. collect slow: Succeeded.`);
    expect(await page.evaluate("document.title")).toBe(`Succeeded · report · ${run.name}`);
    expect(await page.evaluate('held.isConnected && document.querySelector("#node-quick a") === held')).toBe(true);
    expect(await page.evaluate('document.querySelector("#actions details").open')).toBe(false);
    const lines = await page.evaluate<number[]>(
      '[...document.querySelectorAll("#lines li")].map((line) => line.value)',
    );
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => (lines[0] ?? 0) + index));
    expect(page.complaints).toEqual([]);
    await page.close();
  });
});
