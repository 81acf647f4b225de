/** What a created run left behind: its row, its inputs, and what the actions service was asked. */
import { fromBinary } from "@bufbuild/protobuf";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { readObject } from "@flyte-dataplane/storage";
import type { Harness } from "./harness.ts";

export async function inputsAt(api: Harness, uri: string) {
  return fromBinary(InputsSchema, await readObject(api.stores, uri, { maxBytes: 1 << 20 }));
}

export async function enqueuedFor(api: Harness, run: string) {
  const find = () => api.actions.enqueued.find(({ action }) => action?.actionId?.run?.name === run);
  await api.until("action_deliveries", async () => find() !== undefined);
  const request = find();
  if (request?.action === undefined) throw new Error(`nothing enqueued for ${run}`);
  return { ...request, action: request.action };
}

interface Row {
  [column: string]: unknown;
}

export async function rowOf(api: Harness, run: string): Promise<Row> {
  const [row] = await api.rows<Row>("SELECT * FROM actions WHERE run_name = $1 AND name = 'a0'", [run]);
  if (row === undefined) throw new Error(`no row of ${run}`);
  return row;
}
