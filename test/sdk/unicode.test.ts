import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { flyte, flyteRun } from "./flyte-command.ts";
import { actionOf, phaseName, phaseOf, runApi } from "./run-api.ts";

const api = runApi();
const text = "größe\n数据 👩‍🚀 e\u0301";

describe("texts beyond ASCII", () => {
  test("arrive byte for byte in inputs, environment, log and outputs of a run with the longest name [sdk 15]", async () => {
    const name = `u${"x".repeat(28)}z`;
    const run = await flyteRun("unicode.py", "größe", {
      flags: ["--name", name, "--env", "GIVEN=été ☀", "--label", "note=ünïcode"],
      inputs: ["--text", text],
    });
    expect(run.name).toBe(name);
    const root = await api.untilEnded(run);
    expect(phaseName(phaseOf(root)), JSON.stringify(root.result.value)).toBe("SUCCEEDED");
    const { inputs, outputs } = await api.values(actionOf(run, "a0"));
    expect(inputs).toEqual({ text });
    expect(outputs).toEqual({ o0: `${text}été ☀` });
    const log = (await api.log(actionOf(run, "a0"))).join("");
    expect(log).toContain(`log: ${text}\n`);
    expect(log).toContain("grüße 👋 été ☀\n");
    const { details } = await api.runs.getRunDetails({ runId: run });
    expect(details?.runSpec?.labels?.values["note"]).toBe("ünïcode");
  });

  test("a run name of 31 characters is refused before anything runs [sdk 15]", async () => {
    const name = "x".repeat(31);
    const { code, output } = await flyte(["run", "--name", name, "hello.py", "main2"]);
    expect(code).not.toBe(0);
    expect(output).toContain("run_id.name: longer than 30 bytes");
    const id = { case: "runId", value: { project: "flytesnacks", domain: "development", name } } as const;
    const refusal = await api.runs.createRun({ id }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConnectError);
    expect(ConnectError.from(refusal).code).toBe(Code.InvalidArgument);
  });
});
