/** A real browser, driven over a pipe with its own debugging protocol: pages, keys, pictures, and what its console says. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

/** Path of a Chromium, if this machine has one. */
export const chromiumPath: string | undefined = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => existsSync(path));

export interface Browser {
  open(url: string, options?: OpenOptions): Promise<Page>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** CSS pixels; default 1280 × 900. */
  readonly width?: number;
  readonly height?: number;
  /** Default true. */
  readonly scripts?: boolean;
  readonly dark?: boolean;
}

export interface Page {
  /** The value of a JavaScript expression in the page, awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Resolves once the expression is true in the page. */
  until(expression: string): Promise<void>;
  /** Presses and lets go of a key that has a name: Tab, Enter. */
  press(key: "Tab" | "Enter" | "Space"): Promise<void>;
  go(url: string): Promise<void>;
  /** PNG of what the window shows, or of the whole page. */
  picture(options?: { readonly whole?: boolean }): Promise<Buffer>;
  /** What the browser complained of: console, exceptions, violations of policies, failed requests. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** `home` takes the profile. */
export async function startBrowser(home: string): Promise<Browser> {
  const child = spawn(
    chromiumPath ?? "",
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--remote-debugging-pipe",
      `--user-data-dir=${home}/chromium`,
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], env: { ...process.env, HOME: home } },
  );
  const connection = connect(child);
  return {
    open: (url, options = {}) => openPage(connection, url, options),
    close: async () => {
      const ended = once(child, "close");
      await connection.send("Browser.close", {}).catch(() => undefined);
      await ended;
    },
  };
}

type Params = Readonly<Record<string, unknown>>;

interface Connection {
  send(method: string, params: Params, session?: string): Promise<Params>;
  /** Calls `listener` for every event of `session` until the returned function is called. */
  listen(session: string, listener: (method: string, params: Params) => void): () => void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

/** Messages are JSON, each ended by a NUL; the browser reads descriptor 3 and writes 4. */
function connect(child: ChildProcess): Connection {
  const [, , , writable, readable] = child.stdio as [null, null, null, Writable, Readable];
  const waiting = new Map<number, { resolve(result: Params): void; reject(error: Error): void }>();
  const listeners = new Set<(message: Message) => void>();
  let sent = 0;
  let rest = "";
  readable.setEncoding("utf8").on("data", (text: string) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop() ?? "";
    for (const json of messages) take(JSON.parse(json) as Message);
  });
  child.once("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("the browser has ended"));
  });
  writable.on("error", () => undefined);

  function take(message: Message): void {
    if (message.id === undefined) {
      for (const listener of listeners) listener(message);
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) call?.resolve(message.result ?? {});
    else call?.reject(new Error(message.error.message));
  }

  return {
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        sent += 1;
        waiting.set(sent, { resolve, reject });
        writable.write(`${JSON.stringify({ id: sent, method, params, ...(sessionId && { sessionId }) })}\0`);
      }),
    listen: (session, listener) => {
      const hear = ({ sessionId, method, params }: Message): void => {
        if (sessionId === session && method !== undefined) listener(method, params ?? {});
      };
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
  };
}

async function openPage(connection: Connection, url: string, options: OpenOptions): Promise<Page> {
  const { targetId } = await connection.send("Target.createTarget", { url: "about:blank" });
  const attached = await connection.send("Target.attachToTarget", { targetId, flatten: true });
  const session = String(attached["sessionId"]);
  const send = (method: string, params: Params = {}) => connection.send(method, params, session);
  const complaints: string[] = [];
  const deaf = connection.listen(session, (method, params) => {
    const complaint = complaintIn(method, params);
    if (complaint !== undefined) complaints.push(complaint);
  });
  for (const domain of ["Page", "Runtime", "Log", "Audits"]) await send(`${domain}.enable`);
  const { width = 1280, height = 900, scripts = true, dark = false } = options;
  await send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  if (!scripts) await send("Emulation.setScriptExecutionDisabled", { value: true });
  if (dark) await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });

  const evaluate = async <T>(expression: string): Promise<T> => {
    const answer = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = answer as {
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string } };
    };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? "threw");
    return result.value;
  };
  const go = async (address: string): Promise<void> => {
    const loaded = new Promise<void>((resolve) => {
      const stop = connection.listen(session, (method) => {
        if (method !== "Page.loadEventFired") return;
        stop();
        resolve();
      });
    });
    await send("Page.navigate", { url: address });
    await loaded;
  };
  await go(url);
  return {
    evaluate,
    go,
    complaints,
    until: async (expression) => {
      await evaluate(
        `new Promise((resolve) => { const look = () => ((${expression}) ? resolve(true) : setTimeout(look, 50)); look(); })`,
      );
    },
    press: async (key) => {
      const code = { Tab: 9, Enter: 13, Space: 32 }[key];
      const text = { Tab: undefined, Enter: "\r", Space: " " }[key];
      const event = { key: key === "Space" ? " " : key, code: key, windowsVirtualKeyCode: code };
      await send("Input.dispatchKeyEvent", { type: "keyDown", ...event, ...(text && { text }) });
      await send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
    },
    picture: async ({ whole = false } = {}) => {
      const answer = await send("Page.captureScreenshot", { format: "png", captureBeyondViewport: whole });
      return Buffer.from(String(answer["data"]), "base64");
    },
    close: async () => {
      deaf();
      await connection.send("Target.closeTarget", { targetId });
    },
  };
}

function complaintIn(method: string, params: Params): string | undefined {
  switch (method) {
    case "Runtime.consoleAPICalled":
    case "Runtime.exceptionThrown":
      return `${method} ${JSON.stringify(params["args"] ?? params["exceptionDetails"])}`;
    case "Log.entryAdded": {
      const { level, text } = params["entry"] as { level: string; text: string };
      return level === "error" || level === "warning" ? `${level}: ${text}` : undefined;
    }
    case "Audits.issueAdded": {
      const { code, details } = params["issue"] as { code: string; details: unknown };
      return code === "ContentSecurityPolicyIssue" ? `${code} ${JSON.stringify(details)}` : undefined;
    }
    default:
      return undefined;
  }
}
