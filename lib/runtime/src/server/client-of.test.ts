import { expect, test } from "vitest";
import { clientOf } from "./client-of.ts";

test.each([
  { address: "127.0.0.1", client: "127.0.0.1" },
  { address: "::ffff:10.0.0.7", client: "10.0.0.7" },
  { address: "::1", client: "0:0:0:0::/64" },
  { address: "2001:db8:1:2:3:4:5:6", client: "2001:db8:1:2::/64" },
  { address: "2001:db8::5:6", client: "2001:db8:0:0::/64" },
  { address: "fe80::1%eth0", client: "fe80:0:0:0::/64" },
  { address: "", client: "" },
])("$address counts as $client", ({ address, client }) => {
  expect(clientOf(address)).toBe(client);
});
