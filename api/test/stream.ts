/** A server stream read one message at a time. */
export interface OpenStream<T> {
  /** The next message; undefined at the end. */
  next(): Promise<T | undefined>;
  /** Every message until the end. */
  rest(): Promise<readonly T[]>;
  /** The next message that fits, passing over others. */
  find(fits: (message: T) => boolean): Promise<T>;
  close(): Promise<void>;
}

export function openStream<T>(start: (signal: AbortSignal) => AsyncIterable<T>): OpenStream<T> {
  const stop = new AbortController();
  const iterator = start(stop.signal)[Symbol.asyncIterator]();
  const next = async () => {
    const result = await iterator.next();
    return result.done === true ? undefined : result.value;
  };
  return {
    next,
    rest: async () => {
      const messages: T[] = [];
      for (let message = await next(); message !== undefined; message = await next()) messages.push(message);
      return messages;
    },
    find: async (fits) => {
      for (let message = await next(); message !== undefined; message = await next()) if (fits(message)) return message;
      throw new Error("the stream ended first");
    },
    close: async () => {
      stop.abort();
      await iterator.return?.(undefined);
    },
  };
}
