import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readError, readTree } from "./documents.ts";
import { directory, file, stage } from "./download-run.ts";
import { inFolder } from "./program.ts";

let server: Server;
let origin: string;
let answer: RequestListener;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

describe("files from web servers", () => {
  it("are saved, and redirects are followed [copilot 48]", async () => {
    answer = ({ url }, response) => {
      if (url === "/old") response.writeHead(302, { location: "/new" }).end();
      else response.end("from the web");
    };
    await inFolder(async (folder) => {
      const { status, local } = await stage(folder, { x: file(`${origin}/old`) });
      expect(status).toBe(0);
      expect(await readTree(local)).toMatchObject({ x: "from the web" });
    });
  });

  it.each([403, 404, 429, 503])(
    "that answer %d are reported with status and address, without the query",
    async (code) => {
      answer = (_request, response) => response.writeHead(code).end("<Error>not the file</Error>");
      await inFolder(async (folder) => {
        const { output, local } = await stage(folder, { x: file(`${origin}/f?signature=secret`) });
        const message = (await readError(output))?.message ?? "";
        expect(message).toContain(`${origin}/f`);
        expect(message).toContain(code.toString());
        expect(message).not.toContain("secret");
        expect(await readTree(local)).toEqual({});
      });
    },
  );

  it("that break off are reported and leave nothing", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.destroy());
    };
    await inFolder(async (folder) => {
      const { output, local } = await stage(folder, { x: file(`${origin}/f`) });
      expect((await readError(output))?.message).toContain("ended");
      expect(await readTree(local)).toEqual({});
    });
  });

  it("that never answer are given up after the time limit [copilot 57]", async () => {
    answer = () => undefined;
    await inFolder(async (folder) => {
      const started = performance.now();
      const { status, output } = await stage(folder, { x: file(`${origin}/f`) }, ["--timeout", "1s"]);
      expect(status).toBe(0);
      expect(await readError(output)).toMatchObject({
        code: "InputDownloadFailed",
        message: expect.stringContaining("time limit") as string,
      });
      expect(performance.now() - started).toBeGreaterThan(1000);
      expect(performance.now() - started).toBeLessThan(10_000);
    });
  });

  it("of more than the limit are refused, announced or not", async () => {
    answer = ({ url }, response) => {
      if (url === "/announced") response.writeHead(200, { "content-length": "1048577" });
      response.end(new Uint8Array(1_048_577));
    };
    for (const name of ["announced", "chunked"]) {
      await inFolder(async (folder) => {
        const { output, local } = await stage(folder, { x: file(`${origin}/${name}`) }, [
          "--storage.limits.maxDownloadMBs=1",
        ]);
        expect((await readError(output))?.message).toContain("maxDownloadMBs");
        expect(await readTree(local)).toEqual({});
      });
    }
  });

  it.each(["http://user:secret@127.0.0.1:1/f?also=secret", "http://:0:/f?q=secret", "http://127.0.0.1:1/f?q=secret"])(
    "that cannot be reached by %s are reported without the secret",
    async (uri) => {
      await inFolder(async (folder) => {
        const { status, stderr, output } = await stage(folder, { x: file(uri) });
        expect(status).toBe(0);
        expect((await readError(output))?.message).toContain('"x"');
        expect(`${stderr}${(await readError(output))?.message}`).not.toContain("secret");
      });
    },
  );

  it("cannot be folders", async () => {
    await inFolder(async (folder) => {
      const { output } = await stage(folder, { x: directory(`${origin}/d`) });
      expect((await readError(output))?.message).toContain("only single files");
    });
  });
});
