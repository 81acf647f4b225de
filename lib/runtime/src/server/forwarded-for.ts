/** Who calls through proxies: each adds the address that it was called from to a header, and only some are believed. */
import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";

export interface ForwardedCall {
  readonly headers: IncomingHttpHeaders;
  readonly caller: { readonly address: string };
}

/** What is wrong with the list, for people; undefined for one that `callerBehind` takes. */
export function proxiesFault(proxies: readonly string[]): string | undefined {
  const wrong = proxies.find((proxy) => parseRange(proxy) === undefined);
  return wrong === undefined ? undefined : `holds "${wrong}"; expected addresses or ranges such as 10.0.0.0/8`;
}

/**
 * The address that a call stands for: that of the connection, or, as far as that is one of `proxies`, the last one in
 * `x-forwarded-for` that is none of them. What stands before it there the caller may have written himself.
 */
export function callerBehind(proxies: readonly string[]): (call: ForwardedCall) => string {
  if (proxies.length === 0) return ({ caller }) => caller.address;
  const trusted = new BlockList();
  for (const { address, bits } of proxies.flatMap((proxy) => parseRange(proxy) ?? []))
    trusted.addSubnet(address, bits, family(address));
  const isTrusted = (address: string): boolean => trusted.check(address, family(address));
  return ({ caller, headers }) => {
    let address = plain(caller.address) ?? caller.address;
    if (isIP(address) === 0 || !isTrusted(address)) return address;
    const named = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
    for (let at = named.length - 1; at >= 0; at -= 1) {
      const before = plain(named[at]?.trim() ?? "");
      // Whoever wrote that is not understood: the proxy itself stands for its callers.
      if (before === undefined) return address;
      address = before;
      if (!isTrusted(address)) return address;
    }
    return address;
  };
}

/** An address without port, brackets and zone, IPv4 as such; undefined for what is none. */
function plain(text: string): string | undefined {
  const inside = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  const address = inside.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
  return isIP(address) === 0 ? undefined : address;
}

function parseRange(text: string): { readonly address: string; readonly bits: number } | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const most = isIPv6(address) ? 128 : 32;
  if (isIP(address) === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits ?? String(most))) return undefined;
  const length = Number(bits ?? most);
  return length <= most ? { address, bits: length } : undefined;
}

function family(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
