/** The event stream that keeps an open page up to date. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, startApi } from "./harness.ts";
import { ActionPhase, actionId, createRequest, domain, event, named, project } from "./messages.ts";
import { noLog, type PlayedData, playedData } from "./played-data.ts";

let api: Harness;
let played: PlayedData;
beforeAll(async () => {
  played = playedData();
  api = await startApi({ loops: false, http: true, pages: played.clients });
});
afterAll(() => api.close());

interface Message {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Stream {
  /** Passes over messages until one fits. */
  find(fits: (message: Message) => boolean): Promise<Message>;
  /** The rest, to the end. */
  rest(): Promise<readonly Message[]>;
  leave(): void;
}

async function open(run: string, query = ""): Promise<Stream> {
  const stop = new AbortController();
  const path = `/v2/domain/${domain}/project/${project}/runs/${run}/live${query}`;
  const answer = await fetch(api.baseUrl + path, { signal: stop.signal });
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const messages = messagesOf(answer.body ?? new ReadableStream());
  return {
    find: async (fits) => {
      for (;;) {
        const { value, done } = await messages.next();
        if (done === true) throw new Error("the stream ended first");
        if (fits(value)) return value;
      }
    },
    rest: async () => {
      const rest: Message[] = [];
      for await (const message of messages) rest.push(message);
      return rest;
    },
    leave: () => stop.abort(),
  };
}

async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Message, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (name !== undefined) yield { event: name, data: JSON.parse(data ?? "{}") as Message["data"] };
    }
  }
}

const part = (id: string, text: string) => (message: Message) =>
  message.event === "part" && message.data["id"] === id && String(message.data["html"]).includes(text);

async function start(run: string): Promise<void> {
  await api.runs.createRun(createRequest({ id: named(run) }));
  await move(run, ActionPhase.RUNNING);
}

async function move(run: string, phase: ActionPhase): Promise<void> {
  await api.internal.recordActionEvents({ events: [event(run, phase, { logContext: { primaryPodName: "p" } })] });
  await api.internal.updateActionStatus({ actionId: actionId(run), status: { phase, attempts: 1 } });
}

describe("an open page", () => {
  test("is told what stands, then what changes, and is let go when the run has ended", async () => {
    played.log = noLog;
    await start("told");
    const stream = await open("told");
    await stream.find(part("summary", "Running"));
    await stream.find(part("told", "Run told: Running."));
    await move("told", ActionPhase.SUCCEEDED);
    await stream.find(part("summary", "Succeeded"));
    expect((await stream.rest()).at(-1)?.event).toBe("end");
  });

  test("is told of a child that begins", async () => {
    await start("grows");
    const stream = await open("grows");
    await stream.find(part("actions", "a0"));
    await api.internal.recordAction({
      actionId: { ...actionId("grows"), name: "c1" },
      parent: "a0",
      inputUri: "mem://i",
      spec: { case: "trace", value: { name: "child" } },
    });
    await stream.find(part("actions", "node-c1"));
    stream.leave();
  });

  test("gets the lines it lacks, escaped and numbered, and then new ones", async () => {
    let print: (lines: readonly string[]) => void = () => undefined;
    played.log = async function* () {
      yield await Promise.resolve(["one\n", "two\n", "<b>three</b>\n"]);
      yield await new Promise<readonly string[]>((resolve) => (print = resolve));
    };
    await start("printing");
    const stream = await open("printing", "?seen=1&next=3");
    const { data } = await stream.find(({ event: name }) => name === "lines");
    expect(data).toMatchObject({ attempt: 1, first: 3, next: 4 });
    expect(data["html"]).toBe('<li value="3"><span class="text">&lt;b&gt;three&lt;/b&gt;</span></li>');
    print(["four\n"]);
    expect((await stream.find(({ event: name }) => name === "lines")).data).toMatchObject({ first: 4, next: 5 });
    await stream.find(part("log-end", "The log has ended."));
    stream.leave();
  });

  test("that shows a part of the log gets no lines", async () => {
    played.log = async function* () {
      yield await Promise.resolve(["one\n"]);
    };
    await start("still");
    const stream = await open("still", "?line=1");
    await stream.find(part("summary", "Running"));
    await move("still", ActionPhase.ABORTED);
    expect((await stream.rest()).filter(({ event: name }) => name === "lines")).toEqual([]);
  });

  test("leaves nothing behind when it is closed", async () => {
    played.log = async function* (_attempt, signal) {
      yield await Promise.resolve(["waits\n"]);
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("left"))));
    };
    await start("closed");
    const streams = await Promise.all(Array.from({ length: 20 }, () => open("closed")));
    for (const stream of streams) await stream.find(({ event: name }) => name === "lines");
    const watches = async () => /^flyte_run_watches (\d+)/m.exec(await api.metrics.render())?.[1];
    for (const stream of streams) stream.leave();
    while ((await watches()) !== "0") await new Promise((resolve) => setImmediate(resolve));
  });

  test("cannot be kept open by a page of another site", async () => {
    await start("guarded");
    const path = `/v2/domain/${domain}/project/${project}/runs/guarded/live`;
    for (const site of ["cross-site", "same-site"]) {
      const answer = await fetch(api.baseUrl + path, { headers: { "sec-fetch-site": site } });
      expect(answer.status).toBe(403);
      await answer.text();
    }
  });
});

test("a server that stops ends the pages that are open", async () => {
  await start("drained");
  const stream = await open("drained");
  await stream.find(part("summary", "Running"));
  const rest = stream.rest();
  await api.stopServer();
  // An answer that was cut would have rejected.
  expect((await rest).filter(({ event: name }) => name === "end")).toEqual([]);
});
