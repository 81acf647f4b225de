/** One connection that listens for everybody, and comes back when it is lost. */
import { backoffDelay, type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import { type Client, escapeIdentifier } from "pg";
import type { Listener, Subscription } from "./database.ts";
import { databaseError } from "./errors.ts";

export interface ListenersOptions {
  /** A fresh client, not yet connected. */
  readonly connect: () => Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Listeners {
  listen(channel: string, listener: Listener): Promise<Subscription>;
  close(): Promise<void>;
}

/** Watches stand still meanwhile, and one connection that asks once a second burdens nobody. */
const backoff = { baseMs: 50, maxMs: 1000 } as const;
/** How often a silent connection is asked whether it still lives. */
const pingMs = 30_000;
/** What a living server answers in. */
const answerMs = 10_000;

export function createListeners(options: ListenersOptions): Listeners {
  const channels = new Map<string, Set<Listener>>();
  const closing = new AbortController();
  let current: Client | undefined;
  let opening: Promise<Client> | undefined;

  const open = async (): Promise<Client> => {
    const client = options.connect();
    client.on("error", () => undefined);
    client.on("end", () => lost(client));
    client.on("notification", ({ channel, payload }) => {
      for (const listener of channels.get(channel) ?? []) listener.notified(payload ?? "");
    });
    try {
      await client.connect();
      // A line may fall silent between the two, and only `connect` has a deadline of its own.
      await inTime(client, async () => {
        for (const channel of channels.keys()) await client.query(`listen ${escapeIdentifier(channel)}`);
      });
    } catch (error) {
      opening = undefined;
      await client.end().catch(() => undefined);
      throw databaseError(error, "listen");
    }
    current = client;
    void ping(client);
    return client;
  };
  /** Ends `client`, which rejects what it is asked, when `questions` are not answered in time. */
  const inTime = async (client: Client, questions: () => Promise<unknown>): Promise<void> => {
    const answered = new AbortController();
    const silent = options.clock.sleep(answerMs, { signal: answered.signal }).then(
      () => client.end(),
      () => undefined,
    );
    try {
      await questions();
    } finally {
      answered.abort();
      await silent.catch(() => undefined);
    }
  };
  const connected = (): Promise<Client> => (opening ??= open());

  // A client takes one query at a time; two callers may listen at once.
  let turn: Promise<unknown> = Promise.resolve();
  const ask = (client: Client, text: string): Promise<unknown> => {
    const answer = turn.then(() => client.query(text));
    turn = answer.catch(() => undefined);
    return answer;
  };

  const lost = (client: Client): void => {
    if (client !== current) return;
    current = undefined;
    opening = undefined;
    if (!closing.signal.aborted && channels.size > 0) void reconnect();
  };

  const reconnect = async (): Promise<void> => {
    options.logger.warn({ channels: channels.size }, "database notifications interrupted");
    for (let retry = 1; !closing.signal.aborted; retry += 1) {
      try {
        await options.clock.sleep(backoffDelay(backoff, retry, Math.random), { signal: closing.signal });
        await connected();
      } catch (error) {
        if (!closing.signal.aborted) options.logger.debug({ error, retry }, "database notifications not back yet");
        continue;
      }
      options.logger.info({ channels: channels.size }, "database notifications resumed");
      for (const listeners of channels.values()) for (const listener of listeners) listener.missed();
      return;
    }
  };

  /** A connection cut without a word (a firewall's doing) shows only when something is sent on it. */
  const ping = async (client: Client): Promise<void> => {
    while (client === current) {
      try {
        await options.clock.sleep(pingMs, { signal: closing.signal });
      } catch {
        return;
      }
      if (client !== current) return;
      await inTime(client, () => ask(client, "select 1")).catch(() => undefined);
    }
  };

  const leave = (channel: string, listener: Listener): void => {
    const listeners = channels.get(channel);
    if (listeners?.delete(listener) !== true || listeners.size > 0) return;
    channels.delete(channel);
    if (current !== undefined) ask(current, `unlisten ${escapeIdentifier(channel)}`).catch(() => undefined);
  };

  return {
    listen: async (channel, listener) => {
      if (closing.signal.aborted) throw new DataPlaneError("unavailable", "listen: the database was closed");
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(listener));
      try {
        const client = await connected();
        await ask(client, `listen ${escapeIdentifier(channel)}`);
      } catch (error) {
        leave(channel, listener);
        throw databaseError(error, `listen ${channel}`);
      }
      return { close: () => leave(channel, listener) };
    },
    close: async () => {
      closing.abort(new DataPlaneError("canceled", "the database was closed"));
      channels.clear();
      const client = await opening?.catch(() => undefined);
      await client?.end().catch(() => undefined);
    },
  };
}
