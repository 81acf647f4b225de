/** Kubernetes' syntax for labels. */
const value = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const namePart = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const prefixPart = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function isLabelKey(key: string): boolean {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  return (
    namePart.test(key.slice(slash + 1)) && (prefix === undefined || (prefix.length <= 253 && prefixPart.test(prefix)))
  );
}

export function isLabelValue(text: string): boolean {
  return value.test(text);
}
