import { describe, expect, test } from "vitest";
import { callerBehind, proxiesFault } from "./forwarded-for.ts";

const proxies = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"];
const caller = (address: string, forwarded?: string | string[], trusted: readonly string[] = proxies): string =>
  callerBehind(trusted)({
    caller: { address },
    // Node joins them; a list of them says the same.
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  });

describe("a call stands for", () => {
  test.each([
    { name: "its connection, where no proxy is trusted", given: ["10.0.0.1", "1.2.3.4", []], is: "10.0.0.1" },
    { name: "its connection, where that is no proxy", given: ["9.9.9.9", "1.2.3.4"], is: "9.9.9.9" },
    { name: "the proxy itself, where that says nothing", given: ["10.0.0.1"], is: "10.0.0.1" },
    { name: "whom the proxy names", given: ["10.0.0.1", "1.2.3.4"], is: "1.2.3.4" },
    {
      name: "the last one named, whatever the caller wrote before it",
      given: ["10.0.0.1", "6.6.6.6, 1.2.3.4"],
      is: "1.2.3.4",
    },
    {
      name: "the last one that is no proxy",
      given: ["10.0.0.1", "6.6.6.6,1.2.3.4 , 192.0.2.7,10.1.1.1"],
      is: "1.2.3.4",
    },
    { name: "the first, where all are proxies", given: ["10.0.0.1", "10.0.0.3, 10.0.0.2"], is: "10.0.0.3" },
    { name: "the proxy, where what it says is no address", given: ["10.0.0.1", "1.2.3.4, unknown"], is: "10.0.0.1" },
    { name: "an address that came with a port", given: ["10.0.0.1", "1.2.3.4:5678"], is: "1.2.3.4" },
    { name: "one of IPv6 in brackets", given: ["10.0.0.1", "[2001:db8::1]:443"], is: "2001:db8::1" },
    { name: "one behind a proxy that came by IPv6", given: ["::ffff:10.0.0.1", "1.2.3.4"], is: "1.2.3.4" },
    { name: "one behind a proxy of IPv6", given: ["fd00::5%eth0", "1.2.3.4"], is: "1.2.3.4" },
    { name: "several headers read as one", given: ["10.0.0.1", ["6.6.6.6", "1.2.3.4"]], is: "1.2.3.4" },
    { name: "nobody, once the connection is gone", given: ["", "1.2.3.4"], is: "" },
  ] as const)("$name", ({ given: [address, forwarded, trusted], is }) => {
    expect(caller(address, forwarded as string | string[] | undefined, trusted)).toBe(is);
  });
});

test.each([
  { list: [], fault: undefined },
  { list: proxies, fault: undefined },
  { list: ["::1", "proxy.local"], fault: /"proxy\.local"/ },
  { list: ["10.0.0.0/33"], fault: /"10\.0\.0\.0\/33"/ },
  { list: ["10.0.0.0/8/8"], fault: /8\/8/ },
  { list: ["10.0.0.0/"], fault: /"10\.0\.0\.0\/"/ },
])("a list of proxies $list has a fault: $fault", ({ list, fault }) => {
  if (fault === undefined) expect(proxiesFault(list)).toBeUndefined();
  else expect(proxiesFault(list)).toMatch(fault);
});
