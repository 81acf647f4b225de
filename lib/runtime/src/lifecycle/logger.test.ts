import { DataPlaneError } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { createLogger, type LogLevel } from "./logger.ts";

function lines(level: LogLevel = "debug") {
  const written: Record<string, unknown>[] = [];
  const logger = createLogger({
    level,
    destination: { write: (line) => void written.push(JSON.parse(line) as Record<string, unknown>) },
  });
  return { logger, written };
}

test("a line is one JSON object with time, level, fields and message", () => {
  const { logger, written } = lines();
  logger.child({ service: "cache" }).info({ key: "k", bytes: 3n }, "stored");
  expect(written).toEqual([
    {
      level: "info",
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      service: "cache",
      key: "k",
      bytes: "3",
      msg: "stored",
    },
  ]);
});

test("a line carries what its context says at the moment", () => {
  const written: string[] = [];
  let traceId = "1";
  const logger = createLogger({
    level: "info",
    destination: { write: (line) => void written.push(line) },
    context: () => ({ traceId }),
  });
  logger.child({}).info({}, "a");
  traceId = "2";
  logger.info({}, "b");
  expect(written.map((line) => (JSON.parse(line) as Record<string, unknown>)["traceId"])).toEqual(["1", "2"]);
});

test("lines below the level are not written", () => {
  const { logger, written } = lines("warn");
  logger.debug({}, "a");
  logger.info({}, "b");
  logger.warn({}, "c");
  logger.error({}, "d");
  expect(written.map((line) => line["msg"])).toEqual(["c", "d"]);
});

test("an error is written with its code, stack and causes", () => {
  const { logger, written } = lines();
  logger.error({ error: new DataPlaneError("unavailable", "put a: refused", { cause: new Error("reset") }) }, "failed");
  expect(written[0]?.["error"]).toMatchObject({
    message: "put a: refused",
    code: "unavailable",
    stack: expect.stringContaining("logger.test") as string,
    cause: { message: "reset" },
  });
});

test("what a library hung on an error is not written, in the error and in its causes", () => {
  const { logger, written } = lines();
  const lost = Object.assign(new Error("lost"), { code: "ECONNRESET", client: { statements: ["select 1"] } });
  logger.info({ error: lost }, "connection lost");
  logger.info({ error: new Error("query", { cause: lost }) }, "query failed");
  expect(written[0]?.["error"]).toMatchObject({ message: "lost", code: "ECONNRESET" });
  expect(JSON.stringify(written)).not.toContain("select 1");
});

const signed = "X-Amz-Signature=f00";
test.each([
  {
    name: "a field named like a secret",
    fields: { secretAccessKey: "f00", apiKey: "f00", Authorization: "Bearer f00" },
  },
  { name: "a secret deep in a field", fields: { request: { headers: [{ cookie: "f00" }] } } },
  { name: "the query of an S3 link", fields: { url: `https://b.s3.amazonaws.com/k?${signed}` } },
  {
    name: "the query of an Azure link",
    fields: { note: "PUT https://a.blob.core.windows.net/c/k?sv=1&sig=f00 refused" },
  },
  { name: "the query of our own link", fields: { path: "/files/k?expires=1&signature=f00" } },
  { name: "the password of a database URL", fields: { database: "postgresql://u:f00@db/x" } },
  { name: "a link in an error's message", fields: { error: new Error(`get https://h/k?${signed}: 403`) } },
  { name: "a link in a cause", fields: { error: new Error("get", { cause: new Error(`https://h/k?${signed}`) }) } },
])("$name is not written", ({ fields }) => {
  const { logger, written } = lines();
  logger.info(fields, "x");
  logger.child(fields).info({}, "y");
  expect(written).toHaveLength(2);
  expect(JSON.stringify(written)).not.toContain("f00");
});

test("an ordinary query is written as it is", () => {
  const { logger, written } = lines();
  logger.info({ url: "https://h/list?limit=10" }, "x");
  expect(written[0]?.["url"]).toBe("https://h/list?limit=10");
});
