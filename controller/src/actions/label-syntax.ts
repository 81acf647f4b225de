/** A label that Kubernetes would refuse is refused here, where the caller still learns which. */
import { DataPlaneError, isLabelKey, isLabelValue } from "@flyte-dataplane/core";

/** Throws `invalid_argument` naming the first key or value that Kubernetes would refuse. */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
  for (const [key, text] of Object.entries(labels)) {
    if (!isLabelKey(key)) throw refuse(`"${key.slice(0, 80)}" is not a label key`);
    if (!isLabelValue(text))
      throw refuse(`label "${key}" has the value "${text.slice(0, 80)}", which is not a label value`);
  }
}

function refuse(what: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `enqueue: ${what}`, { origin: "user" });
}
