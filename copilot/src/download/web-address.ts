/** Whether a blob lies behind a web address and not in a store of ours. */
export function isWebAddress(uri: string): boolean {
  return /^https?:\/\//i.test(uri);
}
