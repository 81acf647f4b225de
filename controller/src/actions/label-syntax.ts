/** Kubernetes' syntax for labels; a bad one is refused here, where the caller still learns which. */
import { DataPlaneError } from "@flyte-dataplane/core";

const value = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const namePart = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const prefixPart = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Throws `invalid_argument` naming the first key or value that Kubernetes would refuse. */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
  for (const [key, text] of Object.entries(labels)) {
    if (!isKey(key)) throw refuse(`"${key.slice(0, 80)}" is not a label key`);
    if (!value.test(text))
      throw refuse(`label "${key}" has the value "${text.slice(0, 80)}", which is not a label value`);
  }
}

function isKey(key: string): boolean {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  return (
    namePart.test(key.slice(slash + 1)) && (prefix === undefined || (prefix.length <= 253 && prefixPart.test(prefix)))
  );
}

function refuse(what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `enqueue: ${what}`, { origin: "user" });
}
