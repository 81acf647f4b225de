const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/**
 * The two characters that spread the actions of a bucket over its key space: FNV-1a (32 bit) of the UTF-8 bytes of
 * `<namespace>/<TaskAction name>`, modulo the 1,296 pairs of a-z0-9, high digit first.
 */
export function shardOf(namespace: string, taskActionName: string): string {
  const index = fnv1a32(new TextEncoder().encode(`${namespace}/${taskActionName}`)) % alphabet.length ** 2;
  return `${alphabet.charAt(Math.floor(index / alphabet.length))}${alphabet.charAt(index % alphabet.length)}`;
}

/** FNV-1a over 32 bits, as an unsigned number. */
export function fnv1a32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
