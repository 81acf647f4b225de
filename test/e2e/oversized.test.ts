/** What is larger than it may be, or than it said: refused with the limit, and nothing of it kept. */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { fromPlain } from "@flyte-dataplane/core";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import {
  type CreateUploadLocationResponse,
  DataProxyService,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTaskRunner, type TaskRunner } from "./raw-task.ts";
import { emptyHome, type Run, runMain } from "./server-process.ts";

const mebibyte = 1024 * 1024;

let home: Awaited<ReturnType<typeof emptyHome>>;
let run: Run;
let url: string;
let tasks: TaskRunner;
beforeAll(async () => {
  home = await emptyHome();
  run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "error"], {
    HOME: home.path,
    TMPDIR: home.path,
    FLYTE_DATAPLANE_DATAPROXY_UPLOAD_MAX_SIZE: "1Mi",
  });
  url = (await run.printed(/ready on (http:\/\/localhost:\d+)/))[1] ?? "";
  tasks = createTaskRunner(url);
});
afterAll(async () => {
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);
  expect(run.stderr()).toBe("");
  await home.remove();
});

/** A place for a file of `announced` bytes with the MD5 of `content`. */
const locate = (content: Uint8Array, announced: number): Promise<CreateUploadLocationResponse> =>
  createClient(DataProxyService, tasks.transport).createUploadLocation({
    project: "flytesnacks",
    domain: "development",
    filename: "big.bin",
    contentMd5: createHash("md5").update(content).digest(),
    contentLength: BigInt(announced),
  });

const failure = async (call: Promise<unknown>): Promise<ConnectError> => {
  const error: unknown = await call.then(
    () => "no error",
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw new Error(`not refused: ${String(error)}`);
  return error;
};

test("an upload announced above the limit is refused with both sizes", async () => {
  const content = Buffer.alloc(mebibyte + 1);
  const error = await failure(locate(content, content.length));
  expect(Code[error.code]).toBe("InvalidArgument");
  expect(error.rawMessage).toContain(`content_length is ${mebibyte + 1} bytes; at most ${mebibyte} are allowed`);
});

test.each([
  { name: "longer than announced", announced: 10, sent: Buffer.alloc(2 * mebibyte, 7) },
  { name: "shorter than announced", announced: mebibyte, sent: Buffer.alloc(10, 7) },
  { name: "other than announced", announced: 10, sent: Buffer.alloc(10, 8) },
])("an upload $name is refused, and leaves no file", async ({ announced, sent }) => {
  const location = await locate(Buffer.alloc(10, 7), announced);
  // The length is left to fetch, which says the true one; the link was signed for the other.
  const headers = Object.entries(location.headers).filter(([name]) => name.toLowerCase() !== "content-length");
  const answer = await fetch(location.signedUrl, { method: "PUT", headers, body: sent });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect((await answer.text()).length).toBeGreaterThan(10);
  expect(await filesIn(join(home.path, "data"), "blobs")).toEqual([]);
  expect(await (await fetch(`${url}/healthz`)).text()).toBe("OK");
});

test("a request above 128 MiB is refused with the limit, and the server goes on", async () => {
  const text = fromPlain({ kind: "string", value: "x".repeat(129 * mebibyte) });
  const error = await failure(tasks.run({ command: "true", inputs: { text: SimpleType.STRING } }, { text }));
  expect(Code[error.code]).toBe("ResourceExhausted");
  expect(error.rawMessage).toContain(String(128 * mebibyte));
  expect(await (await fetch(`${url}/healthz`)).text()).toBe("OK");
});

/** Names of files, at any depth; the folder itself need not be there yet. */
async function filesIn(parent: string, folder: string): Promise<readonly string[]> {
  if (!(await readdir(parent)).includes(folder)) return [];
  const found = await readdir(join(parent, folder), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
