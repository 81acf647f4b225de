/** Whether an object can be written, read, linked to, fetched by the link and deleted, where runs will do all of that. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { joinUri, parseStorageUri } from "@flyte-dataplane/core";
import { createLogger } from "@flyte-dataplane/runtime/lifecycle";
import { type Bucket, createStores, loadSigningKey } from "@flyte-dataplane/storage";
import { holdsData } from "../embedded/contents.ts";
import { storageSection } from "../storage/section.ts";
import { s3Settings, storageBase } from "../storage/store.ts";
import { fetchLink, type LinkAnswer } from "./fetch-link.ts";
import { type Answer, type Finding, fault, look, skipped, warning } from "./finding.ts";
import type { Patient } from "./patient.ts";

/** Beyond this, signatures begin to be refused; a quarter of an hour is what the stores themselves allow. */
const skewFaultMs = 5 * 60_000;
const skewWarningMs = 60_000;

export async function checkStore(patient: Patient): Promise<readonly Finding[]> {
  const { clock, config, directory, server } = patient;
  const { env } = patient.machine;
  const settings = config.get(storageSection);
  const base = storageBase(settings, join(directory, "blobs"));
  const onFiles = parseStorageUri(base).scheme === "file";
  if (onFiles && !(await holdsData(directory)))
    return [await look(clock, "store/write", () => skipped(`${base} is made by the first start`))];

  const s3 = await s3Settings(settings, env);
  const local = server?.localUrl ?? server?.url;
  const signing = local === undefined ? undefined : await fileSigning(directory, local);
  const stores = createStores({
    clock,
    ...(signing !== undefined && { file: { signing } }),
    network: { env, writes: "async", logger: createLogger({ level: "silent" }) },
    s3,
    // An operator waits: what fails three times in a few seconds is told.
    retry: { attempts: 3 },
  });
  const { key, ...place } = parseStorageUri(joinUri(base, `doctor/${randomUUID()}`));
  const bytes = Buffer.from("a healthy store gives this back\n");
  const findings: Finding[] = [];
  const ask = async (check: string, question: (signal: AbortSignal) => Promise<Answer>): Promise<boolean> => {
    const finding = await look(clock, check, question);
    findings.push(finding);
    return finding.state !== "fault";
  };
  let bucket: Bucket | undefined;
  const opened = async (): Promise<Bucket> => (bucket ??= await stores.bucket({ ...place, key }));
  try {
    const written = await ask("store/write", async (signal) => {
      await (await opened()).write(key, bytes, { signal });
      return `an object was written below ${base}`;
    });
    if (!written) return findings;
    await ask("store/read", async (signal) => {
      const found = await (await opened()).read(key, { maxBytes: 1024, signal });
      return bytes.equals(found) ? "it was read back" : fault("it came back with other bytes: do not trust this store");
    });
    let answer: LinkAnswer | undefined;
    await ask("store/link", async (signal) => {
      if (onFiles && signing === undefined)
        return skipped("links to files are answered by the server, which is not running");
      const { endpoint } = settings.signedUrl.stowConfigOverride;
      const link = await (await opened()).signGet(key, {
        expiresAt: clock.now() + 60_000,
        ...(endpoint !== "" && { endpoint }),
        signal,
      });
      const host = new URL(link.url).host;
      try {
        answer = await fetchLink(link, { ...(s3.ca !== undefined && { ca: s3.ca }), signal });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return fault(`a signed link to ${host} leads nowhere: ${why}; check the address that links name`);
      }
      if (answer.status === 200 && bytes.equals(answer.body)) return `a signed link to ${host} gave it`;
      return fault(`a signed link to ${host} was answered with status ${answer.status}; check keys, clock and address`);
    });
    await ask("store/delete", async (signal) => {
      await (await opened()).delete(key, { signal });
      const left = await (await opened()).find(key, { signal });
      return left === undefined ? "it was deleted" : fault("it was still there after its deletion");
    });
    if (!onFiles) await ask("clock/store", () => Promise.resolve(skew(answer?.date, clock.now())));
    return findings;
  } finally {
    await stores.close();
  }
}

async function fileSigning(directory: string, url: string): Promise<{ key: Uint8Array; endpoint: () => string }> {
  return { key: await loadSigningKey(join(directory, "signing.key")), endpoint: () => url };
}

function skew(theirs: number | undefined, ours: number): Answer {
  if (theirs === undefined) return skipped("the store told no time");
  // The header counts whole seconds.
  const ms = ours - theirs;
  const told = `this machine's clock is ${Math.round(Math.abs(ms) / 1000)} s ${ms < 0 ? "behind" : "ahead of"} the store's`;
  if (Math.abs(ms) >= skewFaultMs) return fault(`${told}, too far for signatures; let it keep time by NTP`);
  return Math.abs(ms) >= skewWarningMs ? warning(`${told}; let it keep time by NTP`) : told;
}
