import { expect, test } from "vitest";
import { fuzzTarget } from "./redact.fuzz.ts";
import { redactText } from "./redact.ts";

test("no secret that stands in a link, a header, a setting or a field is written, whatever stands around it [dataproxy B32]", () => {
  for (let seed = 1; seed <= 1000; seed += 1)
    expect(() => fuzzTarget.run(fuzzTarget.generate(numbers(seed))), `seed ${seed}`).not.toThrow();
});

test.each([
  "read secret_key_path: no such file",
  "listen localhost:30080: the port is in use",
  "secret_key_path=/etc/flyte/key",
  "https://h/list?limit=10&token_count=3",
  "the password file is unreadable",
])("%s is written as it is", (text) => {
  expect(redactText(text)).toBe(text);
});

test.each([
  { name: "slashes", text: `${"/".repeat(1_000_000)} ?` },
  { name: "words with dots", text: `${"a.".repeat(500_000)} ://` },
  { name: "question marks", text: `/${"?&".repeat(500_000)}` },
  { name: "names of secrets", text: `${"secret\\".repeat(150_000)} =` },
  { name: "schemes of authorization", text: "bearer ".repeat(150_000) },
  { name: "spaces", text: `bearer${" ".repeat(1_000_000)}secret` },
])("a million $name are looked through before the test is given up", ({ text }) => {
  expect(redactText(text).length).toBeGreaterThan(0);
});

/** A small generator of chance: Lehmer's. */
function numbers(seed: number): () => number {
  let state = (seed * 7919 * 104_729) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
