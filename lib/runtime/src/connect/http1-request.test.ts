import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { Http1Request } from "./http1-request.ts";

const opened: (Server | Socket)[] = [];
afterEach(() => {
  for (const each of opened.splice(0))
    if ("closeAllConnections" in each) each.close();
    else each.destroy();
});

type Answer = (request: Http1Request, response: ServerResponse) => void;

/** A connection to a server of Node's that makes requests of ours. */
async function connected(answer: Answer): Promise<Socket> {
  const server = createServer({ IncomingMessage: Http1Request }, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  opened.push(server, socket);
  return socket;
}

const head = (bytes: number): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`;

async function said(socket: Socket, what: string): Promise<string> {
  let heard = "";
  while (!heard.includes(what)) heard += String((await once(socket, "data"))[0]);
  return heard;
}

test("a body that is taken comes whole, in the turn of its last byte, and counts as read", async () => {
  const seen: unknown[] = [];
  const socket = await connected((request, response) => {
    request.takeBody({
      tookBody: (body) => {
        seen.push(Buffer.from(body).toString(), request.complete, request.readableEnded);
        response.end("done");
      },
    });
    seen.push(request.readableEnded);
  });
  socket.write(`${head(6)}ab`);
  socket.write("cd");
  socket.write("ef");
  await said(socket, "done");
  expect(seen).toEqual([false, "abcdef", true, true]);
});

test("requests behind one another on a connection have each their own body, an empty one too", async () => {
  const bodies: string[] = [];
  const socket = await connected((request, response) =>
    request.takeBody({
      tookBody: (body) => {
        bodies.push(Buffer.from(body).toString());
        response.end(bodies.length === 3 ? "last" : "one");
      },
    }),
  );
  socket.write(`${head(1)}a${head(0)}${head(2)}bc`);
  await said(socket, "last");
  expect(bodies).toEqual(["a", "", "bc"]);
});

test("a body that nobody takes is the stream's", async () => {
  const socket = await connected((request, response) => {
    void text(request).then((body) => response.end(`<${body}>`));
  });
  socket.write(`${head(4)}ab`);
  socket.write("cd");
  expect(await said(socket, ">")).toContain("<abcd>");
});

test("a body that is in the stream already cannot be taken, and is lost to nobody", async () => {
  const socket = await connected((request, response) => {
    setImmediate(() => {
      const taken = request.takeBody({ tookBody: () => undefined });
      void text(request).then((body) => response.end(`<${String(taken)} ${body}>`));
    });
  });
  socket.write(`${head(4)}abcd`);
  expect(await said(socket, ">")).toContain("<false abcd>");
});

test("what is left of a body that was given back is the stream's, and its taker hears no more", async () => {
  const took: Uint8Array[] = [];
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const socket = await connected((request, response) => {
    request.takeBody({ tookBody: (body) => void took.push(body) });
    request.giveBack();
    void text(request).then((body) => response.end(`<${body}>`));
    begin();
  });
  socket.write(head(4));
  await begun;
  socket.write("abcd");
  expect(await said(socket, ">")).toContain("<abcd>");
  expect(took).toEqual([]);
});
