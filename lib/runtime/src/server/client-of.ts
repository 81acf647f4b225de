/**
 * Whom an address stands for: IPv4 whether or not it came in as IPv6, and of IPv6 the /64, since that is what one
 * subscriber has.
 */
export function clientOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [before = "", after] = (address.split("%", 1)[0] ?? "").split("::", 2);
  const groups = (text: string | undefined): string[] => (text === undefined || text === "" ? [] : text.split(":"));
  const head = groups(before);
  const tail = groups(after);
  const all = [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0"), ...tail];
  return `${all.slice(0, 4).join(":")}::/64`;
}
