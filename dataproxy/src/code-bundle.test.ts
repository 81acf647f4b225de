import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { expect, test } from "vitest";
import { codeBundleUri } from "./code-bundle.ts";

type Template = Exclude<MessageInitShape<typeof TaskTemplateSchema>, { readonly $typeName: string }>;
interface Row {
  readonly name: string;
  readonly template: Template;
  readonly uri: string | undefined;
}
const container = (...args: readonly string[]): Template => ({
  target: { case: "container", value: { args: [...args] } },
});
const pod = (primary: string, containers: readonly { name: string; args: string[] }[]): Template => ({
  target: { case: "k8sPod", value: { primaryContainerName: primary, podSpec: { containers: [...containers] } } },
});
const both = [
  { name: "side", args: ["--tgz", "s3://b/side"] },
  { name: "main", args: ["a0", "--tgz", "s3://b/main"] },
];

const rows: readonly Row[] = [
  { name: "an archive", template: container("a0", "--tgz", "s3://b/x.tar.gz", "--dest", "."), uri: "s3://b/x.tar.gz" },
  { name: "a pickled task", template: container("a0", "--pkl", "s3://b/x.pkl.gz"), uri: "s3://b/x.pkl.gz" },
  { name: "a flag without a value", template: container("a0", "--tgz"), uri: undefined },
  { name: "a first word that is no bundle", template: container("s3://b/x"), uri: undefined },
  { name: "no container at all", template: {}, uri: undefined },
  { name: "a Pod's primary container", template: pod("main", both), uri: "s3://b/main" },
  { name: "a Pod whose primary container is missing", template: pod("other", both), uri: undefined },
  { name: "what the template says of itself", template: { metadata: { codeBundleUri: "s3://b/m" } }, uri: "s3://b/m" },
  {
    name: "the container's word rather than the template's",
    template: { ...container("--tgz", "s3://b/c"), metadata: { codeBundleUri: "s3://b/m" } },
    uri: "s3://b/c",
  },
];

test.each(rows)("code is found by $name", ({ template, uri }: Row) => {
  expect(codeBundleUri(create(TaskTemplateSchema, template))).toBe(uri);
});
