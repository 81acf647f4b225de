// @ts-check
// Keeps an open page up to date: takes the parts that the server sends and puts them where they belong, with no change to
// what did not change, so that focus, selection and folded groups stay. Without this script the page is complete, and still.

/** @typedef {{ id: string, html: string }} Part */
/** @typedef {{ attempt: number, first: number, next: number, html: string, about: string }} Lines */

/** Tries again after so long, twice as long each time, and never longer than the last. */
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

/** What stands in the page whatever part comes in. */
const parts = new Set(["summary", "actions", "details", "data", "log-end", "told"]);

/** @type {EventSource | undefined} */
let source;
/** @type {number | undefined} */
let retry;
let waitMs = firstWaitMs;
let over = false;

const address = document.body.dataset["live"];
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

localize(document.body);
revealChosen();
if (address !== undefined) {
  setInterval(tick, 1_000);
  // A browser gives a server six connections in all, so pages that nobody sees keep none.
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect(address)));
  globalThis.addEventListener("pagehide", disconnect);
  globalThis.addEventListener("pageshow", () => connect(address));
  connect(address);
}

/** @param {string} live */
function connect(live) {
  if (source !== undefined || over || document.hidden) return;
  const url = new URL(live, location.href);
  const lines = document.getElementById("lines");
  if (lines !== null) {
    url.searchParams.set("seen", lines.dataset["attempt"] ?? "1");
    url.searchParams.set("next", lines.dataset["next"] ?? "1");
  }
  const opened = new EventSource(url);
  source = opened;
  opened.addEventListener("open", () => {
    waitMs = firstWaitMs;
    say("This page updates by itself.");
  });
  opened.addEventListener("error", () => {
    if (source !== opened) return;
    disconnect();
    say("The connection is gone. Trying again.");
    retry = setTimeout(() => connect(live), waitMs);
    waitMs = Math.min(2 * waitMs, longestWaitMs);
  });
  opened.addEventListener("part", (event) => takePart(/** @type {Part} */ (JSON.parse(String(event.data)))));
  opened.addEventListener("lines", (event) => takeLines(/** @type {Lines} */ (JSON.parse(String(event.data)))));
  opened.addEventListener("end", () => {
    over = true;
    disconnect();
    say("");
  });
}

function disconnect() {
  clearTimeout(retry);
  source?.close();
  source = undefined;
}

/** @param {string} words */
function say(words) {
  const place = document.getElementById("live");
  if (place === null) return;
  place.textContent = words;
  place.hidden = words === "";
}

/** @param {Part} part */
function takePart({ id, html }) {
  if (id === "title") document.title = html;
  const place = parts.has(id) ? document.getElementById(id) : null;
  if (place === null) return;
  // Words alone, read out by a screen reader: only when they are others.
  if (id === "told" || id === "log-end") {
    if (place.textContent !== html) place.textContent = html;
    return;
  }
  const fresh = parse(html);
  align(place, fresh);
}

/** @param {Lines} message */
function takeLines({ attempt, first, next, html, about }) {
  const log = document.getElementById("log");
  if (log === null) return;
  if (document.getElementById("lines") === null) {
    log.replaceChildren(
      parse(`<div id="log-about"></div>
<div class="log" tabindex="0" role="region" aria-label="Lines of the log"><ol id="lines" data-most="500"></ol></div><p id="log-end"></p>`),
    );
  }
  const lines = document.getElementById("lines");
  const box = lines?.parentElement;
  if (lines === null || box === null || box === undefined) return;
  const following = box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
  // Another attempt's log, or lines left out in between: what is there no longer goes with what comes.
  if (lines.dataset["attempt"] !== String(attempt) || lines.dataset["next"] !== String(first)) lines.replaceChildren();
  lines.dataset["attempt"] = String(attempt);
  lines.dataset["next"] = String(next);
  lines.append(parse(html));
  const most = Number(lines.dataset["most"] ?? "500");
  while (lines.childElementCount > most) lines.firstElementChild?.remove();
  const aboutPlace = document.getElementById("log-about");
  if (aboutPlace !== null) align(aboutPlace, parse(about));
  if (following) box.scrollTop = box.scrollHeight;
}

/**
 * @param {string} html written by the server, which escapes whatever is not its own
 * @returns {DocumentFragment}
 */
function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  localize(template.content);
  return template.content;
}

/**
 * Makes the children of `old` those of `fresh`, keeping every element that is still there: by its id, else by its place.
 * @param {Element} old
 * @param {ParentNode} fresh
 */
function align(old, fresh) {
  const known = new Map([...old.children].filter((child) => child.id !== "").map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const node of Array.from(fresh.childNodes)) {
    const kept = node instanceof Element && node.id !== "" ? known.get(node.id) : undefined;
    const candidate = kept ?? (at instanceof Element && at.id !== "" ? null : at);
    if (candidate !== null && candidate.nodeName === node.nodeName) {
      if (candidate === at) at = at.nextSibling;
      else old.insertBefore(candidate, at);
      update(candidate, node);
    } else {
      old.insertBefore(node, at);
    }
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/**
 * @param {ChildNode} old
 * @param {ChildNode} fresh
 */
function update(old, fresh) {
  if (!(old instanceof Element) || !(fresh instanceof Element)) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of Array.from(old.attributes)) {
    // Whether a group is folded is the reader's affair.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && name !== "open") old.setAttribute(name, value);
  }
  align(old, fresh);
}

/**
 * Times in the reader's own zone.
 * @param {ParentNode} root
 */
function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(date.getTime())) continue;
    time.setAttribute("title", time.getAttribute("datetime") ?? "");
    time.textContent = time.hasAttribute("data-clock") ? clock.format(date) : calendar.format(date);
  }
}

/** Spans that have no end yet run on. */
function tick() {
  for (const place of document.querySelectorAll("[data-since]")) {
    const text = spanText(Date.now() - Number(place.getAttribute("data-since")));
    if (place.textContent !== text) place.textContent = text;
  }
}

/**
 * As the server writes it, without fractions that would flicker.
 * @param {number} ms
 */
function spanText(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.trunc(hours / 24)} d ${hours % 24} h`;
}

/** The chosen action into the list's view, the newest lines into the log's. */
function revealChosen() {
  const list = document.querySelector("section.actions");
  const chosen = list?.querySelector("a.action[aria-current]");
  if (list instanceof HTMLElement && chosen instanceof HTMLElement) {
    const below = chosen.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;
    if (list.scrollHeight > list.clientHeight) list.scrollTop += below;
  }
  const lines = document.getElementById("lines");
  if (lines?.parentElement && !new URLSearchParams(location.search).has("line")) {
    lines.parentElement.scrollTop = lines.parentElement.scrollHeight;
  }
}
