/** Where the server is to stand: its data directory, the room there, its port, and a server that stands there already. */
import { X509Certificate } from "node:crypto";
import { requirePlainDirectory } from "@flyte-dataplane/controller";
import { readTlsFiles, requireFreePort } from "@flyte-dataplane/runtime/server";
import { askReadiness } from "../commands/readiness.ts";
import { readFormat, requireLayout } from "../embedded/format-file.ts";
import { existingPart, freeBytes, isWritable, kindOf } from "../embedded/place.ts";
import { serverSection } from "../settings.ts";
import { tlsFiles } from "../tls-files.ts";
import { type Answer, type Finding, fault, look, warning } from "./finding.ts";
import type { Patient } from "./patient.ts";

const gibibyte = 1024 ** 3;
/** PostgreSQL's own files alone, beside its log of changes, take a tenth of it. */
const leastBytes = gibibyte / 2;
const scantBytes = 4 * gibibyte;

export async function checkPlace(patient: Patient): Promise<readonly Finding[]> {
  const { clock } = patient;
  return [
    await look(clock, "data/directory", () => directory(patient)),
    await look(clock, "data/space", () => space(patient.directory)),
    await look(clock, "server/process", () => running(patient)),
    await look(clock, "server/port", () => port(patient)),
    await look(clock, "server/reach", () => reach(patient)),
    await look(clock, "server/tls", () => certificate(patient)),
  ];
}

async function directory({ directory: path, machine }: Patient): Promise<Answer> {
  requirePlainDirectory({ directory: path, temporary: machine.temporary });
  const place = await existingPart(path);
  if ((await kindOf(place)) !== "directory")
    return fault(`${place} is not a directory; choose another with --data-dir`);
  if (!(await isWritable(place)))
    return fault(`${place} cannot be written by this user; choose another with --data-dir`);
  if (place !== path) return `${path} will be made by the first start`;
  const format = await readFormat(path);
  if (format === undefined) return `${path} is there, and no server has used it yet`;
  requireLayout(path, format);
  return `${path} was made by this version's layout`;
}

async function space(path: string): Promise<Answer> {
  const free = await freeBytes(await existingPart(path));
  const told = `${(free / gibibyte).toFixed(1)} GiB are free`;
  if (free < leastBytes) return fault(`${told}; make room, or choose another place with --data-dir`);
  return free < scantBytes ? warning(`${told}: runs keep their files there; remove old ones with gc`) : told;
}

async function running({ directory: path, server }: Patient): Promise<Answer> {
  if (server === undefined) return `no server runs on ${path}`;
  if (server.url === undefined) return warning(`process ${server.pid} is starting; ask again in a moment`);
  const { ready, reasons } = await askReadiness(server.localUrl ?? server.url);
  const told = `process ${server.pid} answers on ${server.url}`;
  return ready ? `${told} and is ready` : fault(`process ${server.pid} is not ready: ${reasons.join("; ")}`);
}

async function port({ config, server }: Patient): Promise<Answer> {
  const { host, port: wanted } = config.get(serverSection);
  if (wanted === 0) return "any that is free";
  if (server?.url !== undefined && new URL(server.url).port === String(wanted))
    return `${wanted} is that of the running server`;
  await requireFreePort(host, wanted);
  return `${wanted} is free`;
}

function reach({ config }: Patient): Answer {
  const { host, hostNames } = config.get(serverSection);
  if (["localhost", "127.0.0.1", "::1"].includes(host)) return "only this machine reaches the server";
  if (hostNames.length === 0)
    return warning(
      `server.host is ${host}, but calls by any name except the loopback ones are refused; list the names in server.hostNames`,
    );
  return warning(`whoever reaches ${host} may run commands as this user: nobody is asked who they are`);
}

const dayMs = 24 * 3_600_000;
/** Who renews certificates does so well before. */
const scantMs = 7 * dayMs;

async function certificate({ config, clock }: Patient): Promise<Answer> {
  const files = await tlsFiles(config.get(serverSection).tls);
  if (files === undefined) return "no certificate is set: calls come in the clear";
  const { validTo } = new X509Certificate((await readTlsFiles(files)).cert);
  const until = new Date(validTo);
  const told = until.toISOString();
  const leftMs = until.getTime() - clock.now();
  if (leftMs <= 0) return fault(`the certificate of ${files.certFile} ended on ${told}; renew it`);
  return leftMs < scantMs ? warning(`the certificate ends on ${told}`) : `the certificate is good until ${told}`;
}
