import { create } from "@bufbuild/protobuf";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { expect, test } from "vitest";
import { faultOf, podOf } from "../../test/controller/built-pod.ts";

const inputs = create(LiteralMapSchema, {
  literals: {
    n: {
      value: {
        case: "scalar",
        value: { value: { case: "primitive", value: { value: { case: "integer", value: 42n } } } },
      },
    },
    s: {
      value: {
        case: "scalar",
        value: { value: { case: "primitive", value: { value: { case: "stringValue", value: "a $1 b" } } } },
      },
    },
    f: {
      value: {
        case: "scalar",
        value: { value: { case: "primitive", value: { value: { case: "floatValue", value: 0.5 } } } },
      },
    },
    t: {
      value: {
        case: "scalar",
        value: { value: { case: "primitive", value: { value: { case: "boolean", value: true } } } },
      },
    },
    d: {
      value: {
        case: "scalar",
        value: {
          value: {
            case: "primitive",
            value: { value: { case: "datetime", value: { seconds: 1_700_000_000n, nanos: 1 } } },
          },
        },
      },
    },
    c: { value: { case: "scalar", value: { value: { case: "schema", value: { uri: "/data/table" } } } } },
    m: { value: { case: "map", value: { literals: {} } } },
    o: {
      value: {
        case: "scalar",
        value: {
          value: {
            case: "union",
            value: { value: { value: { case: "scalar", value: { value: { case: "noneType", value: {} } } } } },
          },
        },
      },
    },
    u: { value: { case: "scalar", value: { value: { case: "blob", value: { uri: "/data/x" } } } } },
    l: {
      value: {
        case: "collection",
        value: {
          literals: [1n, 2n].map((value) => ({
            value: {
              case: "scalar" as const,
              value: { value: { case: "primitive" as const, value: { value: { case: "integer" as const, value } } } },
            },
          })),
        },
      },
    },
    v: { value: { case: "scalar", value: { value: { case: "noneType", value: {} } } } },
  },
});

test.each([
  ["{{.Input}}", "/in/r1/a0/inputs.pb"],
  ["{{ .inputPrefix }}", "/in/r1/a0"],
  ["{{$outputprefix}}", "/out/r1/a0/1"],
  ["{{ $rawOutputDataPrefix}}", "/out/r1/a0/1"],
  ["{{.prevCheckpointPrefix}}", '""'],
  ["{{.checkpointOutputPrefix}}", "/out/r1/a0/1/_flytecheckpoints"],
  ["{{.perRetryUniqueKey}}", "r1_a0_0"],
  ["{{.taskTemplatePath}}", "inline://taskTemplate"],
  ["in {{.Namespace}}", "in flyte"],
  ["{{.inputs.n}}|{{ $Inputs.f }}|{{.inputs.t}}", "42|0.5|true"],
  ["{{.inputs.u}} {{.inputs.l}}", "/data/x [1,2]"],
  ["{{.inputs.s}} {{.inputs.d}} {{.inputs.c}}", "a $1 b 2023-11-14T22:13:20.000000001Z /data/table"],
])("the argument %s becomes %s [controller 101]", (text, rendered) => {
  expect(podOf({ container: { args: [text] }, inputs }).spec.containers[0]?.args).toEqual([rendered]);
});

test.each(["{{.inputs.v}}", "{{.inputs.m}}", "{{.inputs.o}}", "{{.inputs.absent}}"])(
  "the argument %s fails the task for good [controller 101]",
  (text) => {
    expect(faultOf({ container: { args: [text] }, inputs })).toMatchObject({
      code: "BadTaskSpecification",
      kind: "USER",
      recovery: "none",
    });
  },
);

test("the second attempt is told where the first one's checkpoint lies [controller 101]", () => {
  expect(podOf({ attempt: 2, container: { args: ["{{.prevCheckpointPrefix}}"] } }).spec.containers[0]?.args).toEqual([
    "/out/r1/a0/1/_flytecheckpoints",
  ]);
});

test("names that are nobody's stay as they are [controller 102]", () => {
  expect(podOf({ container: { args: ["{{.runName}} {{.actionName}} {{.other}}"] } }).spec.containers[0]?.args).toEqual([
    "{{.runName}} {{.actionName}} {{.other}}",
  ]);
});

test("a value with a dollar sign is put in as it is [controller 103]", () => {
  expect(podOf({ container: { args: ["{{.inputs.s}}"] }, inputs }).spec.containers[0]?.args).toEqual(["a $1 b"]);
  expect(podOf({ base: "/out/$1/$&", container: { args: ["{{.outputPrefix}}"] } }).spec.containers[0]?.args).toEqual([
    "/out/$1/$&/a0/1",
  ]);
});
