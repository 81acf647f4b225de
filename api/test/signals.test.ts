import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "./codes.ts";
import { type Harness, startApi } from "./harness.ts";
import { ActionPhase, actionId, integer } from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false });
  const condition = { case: "condition" as const, value: { name: "demo.approve" } };
  await api.internal.recordAction({
    actionId: actionId("asking", "c1"),
    parent: "a0",
    inputUri: "mem://i",
    spec: condition,
  });
  await api.internal.updateActionStatus({ actionId: actionId("asking", "c1"), status: { phase: ActionPhase.PAUSED } });
});
afterAll(() => api.close());

const payload = { value: { case: "intValue" as const, value: 7n } };

test.each([Code.NotFound, Code.InvalidArgument, Code.FailedPrecondition])(
  "an answer %i of the actions service passes, and who signalled is told [runs 131]",
  async (code) => {
    api.actions.onSignal = () => {
      throw new ConnectError("as it is", code);
    };
    const headers = { "X-Amzn-Oidc-Identity": "s-1" };
    const call = api.runs.signalEvent(
      { actionId: actionId("asking", "c1"), parentActionName: "a0", payload },
      { headers },
    );
    expect(await codeOf(call)).toBe(code);
    const told = api.actions.signalled.at(-1);
    expect(told).toMatchObject({ actionId: actionId("asking", "c1"), parentActionName: "a0", value: integer(7) });
    const user = told?.signalledBy?.principal;
    expect(user?.case === "user" ? user.value.id?.subject : undefined).toBe("s-1");
    api.actions.onSignal = () => undefined;
  },
);

test.each(["c1", "demo.approve"])("a waiting condition is found by %j [runs 178]", async (name) => {
  await api.runs.signalEvent({ actionId: actionId("asking", name), payload });
  expect(api.actions.signalled.at(-1)).toMatchObject({ actionId: actionId("asking", "c1"), parentActionName: "a0" });
});
