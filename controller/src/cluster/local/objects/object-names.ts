/** The rules Kubernetes has for names, labels and finalizers. Each check rejects with `invalid_argument`. */
import { DataPlaneError, type ObjectMeta } from "@flyte-dataplane/core";

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const qualified = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Checks what the caller wrote into `meta`. */
export function checkMetadata(ref: string, meta: ObjectMeta): void {
  if (typeof meta.name !== "string" || meta.name.length > 253 || !subdomain.test(meta.name)) {
    refuse(ref, `metadata.name ${quote(meta.name)} is not a lower-case DNS name of at most 253 characters`);
  }
  for (const [key, value] of Object.entries(meta.labels ?? {})) checkLabel(ref, key, value);
  for (const [key, value] of Object.entries(meta.annotations ?? {})) {
    checkKey(ref, "annotation", key.toLowerCase());
    if (typeof value !== "string") refuse(ref, `annotation ${quote(key)} is not a string`);
  }
  if (annotationBytes(meta) > maxAnnotationBytes) refuse(ref, `annotations hold more than ${maxAnnotationBytes} bytes`);
  for (const finalizer of meta.finalizers ?? []) checkKey(ref, "finalizer", finalizer);
  for (const owner of meta.ownerReferences ?? []) {
    if (!owner.uid || !owner.name || !owner.kind) refuse(ref, "an owner reference lacks uid, name or kind");
  }
}

/** True for a name that containers and volumes may have. */
export function isDnsLabel(name: unknown): name is string {
  return typeof name === "string" && name.length <= 63 && dnsLabel.test(name);
}

const maxAnnotationBytes = 256 * 1024;

function annotationBytes(meta: ObjectMeta): number {
  return Object.entries(meta.annotations ?? {}).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
}

function checkLabel(ref: string, key: string, value: unknown): void {
  checkKey(ref, "label", key);
  if (typeof value !== "string" || value.length > 63 || (value !== "" && !qualified.test(value))) {
    refuse(ref, `label ${quote(key)} has the value ${quote(value)}, which is not a label value`);
  }
}

function checkKey(ref: string, what: string, key: string): void {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const prefixIsGood = prefix === undefined || (prefix.length <= 253 && subdomain.test(prefix));
  if (parts.length > 2 || !prefixIsGood || name.length > 63 || !qualified.test(name)) {
    refuse(ref, `${quote(key)} is not a ${what} name`);
  }
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function refuse(ref: string, fault: string): never {
  throw new DataPlaneError("invalid_argument", `store ${ref}: ${fault}`, { ref });
}
