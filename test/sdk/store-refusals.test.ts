import { type FaultProxy, startFaultProxy } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type S3Store, startS3Store, storeProgram } from "../e2e/s3-store.ts";
import { emptyHome } from "../e2e/server-process.ts";
import { flyteRun } from "./flyte-command.ts";
import { actionOf, phaseName, phaseOf, runApi } from "./run-api.ts";
import { type SdkServer, startSdkServer } from "./sdk-server.ts";

const program = storeProgram();

describe.skipIf(program === undefined)("versitygw, which `npm run tools -- --only versitygw` gets,", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let s3: S3Store;
  let between: FaultProxy;
  let server: SdkServer;
  beforeAll(async () => {
    home = await emptyHome();
    s3 = await startS3Store(program ?? "");
    between = await startFaultProxy(s3.store.endpoint);
    const environment = { ...s3.environment, FLYTE_DATAPLANE_STORAGE_STOW_CONFIG_ENDPOINT: between.endpoint };
    server = await startSdkServer({ python: inject("sdkPython"), home: home.path, environment });
  });
  afterAll(async () => {
    await server.stop();
    await between.close();
    await s3.store.stop();
    await home.remove();
  });

  test("may refuse to say what a task left: no attempt is lost, and the run succeeds", async () => {
    // More often than one question is repeated, so that the decision itself has to wait.
    const refusals = 12;
    between.inject({
      effect: { kind: "answer", status: 503 },
      times: refusals,
      when: ({ method, target }) => method === "HEAD" && /\/a0\/1\/(outputs|error)\.pb$/.test(target),
    });
    const api = runApi(server.url);
    const run = await flyteRun("hello.py", "main", { endpoint: server.url });
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    expect((await api.values(actionOf(run, "a0"))).outputs).toEqual({ o0: 16 });
    const children = await api.children(run);
    expect(children).toHaveLength(10);
    expect(between.met).toBe(refusals);
    expect(server.run.stderr()).toMatch(/"failures":\d/);
    for (const child of children) expect(child.status?.attempts).toBe(1);
  });
});
