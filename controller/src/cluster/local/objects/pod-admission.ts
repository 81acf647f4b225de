/** What a Pod must satisfy before it is stored, and the defaults Kubernetes would fill in. */
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Container, PodSpec, Volume } from "../../pod-object.ts";
import { isDnsLabel } from "./object-names.ts";
import { isJsonObject, type JsonObject } from "./stored-object.ts";

export const defaultGraceSeconds = 30;
const defaultMessagePath = "/dev/termination-log";

/** The spec as it is stored. Rejects with `invalid_argument`, naming the field. */
export function admitPodSpec(ref: string, given: unknown): JsonObject {
  if (!isJsonObject(given)) return refuse(ref, "spec is missing");
  // Parsing edge: from here on the fields we read are what the type says, the rest passes through.
  const spec = given as unknown as PodSpec;
  const containers = listOf<Container>(ref, "spec.containers", spec.containers);
  if (containers.length === 0) refuse(ref, "spec.containers is empty");
  const initContainers = listOf<Container>(ref, "spec.initContainers", spec.initContainers ?? []);
  const volumes = listOf<Volume>(ref, "spec.volumes", spec.volumes ?? []);
  const volumeNames = uniqueNames(ref, "spec.volumes", volumes);
  for (const volume of volumes) checkVolume(ref, volume);
  uniqueNames(ref, "containers", [...initContainers, ...containers]);
  for (const container of [...initContainers, ...containers]) checkContainer(ref, container, volumeNames);
  checkSeconds(ref, "spec.terminationGracePeriodSeconds", spec.terminationGracePeriodSeconds, 0);
  checkSeconds(ref, "spec.activeDeadlineSeconds", spec.activeDeadlineSeconds, 1);
  return {
    ...given,
    restartPolicy: spec.restartPolicy ?? "Always",
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? defaultGraceSeconds,
    containers: containers.map(withDefaults),
    ...(spec.initContainers === undefined ? {} : { initContainers: initContainers.map(withDefaults) }),
  };
}

function withDefaults(container: Container): Container {
  return {
    ...container,
    terminationMessagePath: container.terminationMessagePath ?? defaultMessagePath,
    terminationMessagePolicy: container.terminationMessagePolicy ?? "File",
  };
}

function checkContainer(ref: string, container: Container, volumeNames: ReadonlySet<string>): void {
  const where = `container "${container.name}"`;
  for (const field of ["command", "args"] as const) {
    const words = listOf<unknown>(ref, `${where}: ${field}`, container[field] ?? []);
    if (words.some((word) => typeof word !== "string" || word.includes("\0"))) {
      refuse(ref, `${where}: ${field} holds something that is not text without NUL`);
    }
  }
  for (const variable of listOf<JsonObject>(ref, `${where}: env`, container.env ?? [])) {
    const name = variable["name"];
    if (typeof name !== "string" || name === "" || /[=\0]/.test(name)) {
      refuse(ref, `${where}: ${JSON.stringify(name)} is not a variable name`);
    }
    const value = variable["value"] ?? "";
    if (typeof value !== "string" || value.includes("\0")) refuse(ref, `${where}: ${name} is not text without NUL`);
  }
  for (const mount of container.volumeMounts ?? []) {
    if (!volumeNames.has(mount.name)) refuse(ref, `${where}: there is no volume "${mount.name}"`);
    if (!mount.mountPath?.startsWith("/")) refuse(ref, `${where}: mountPath "${mount.mountPath}" is not absolute`);
    if (mount.subPath?.split("/").includes("..") === true) refuse(ref, `${where}: subPath leaves the volume`);
  }
}

/** Refused here, where it is one clear answer, and not when the Pod is about to start. */
function checkVolume(ref: string, volume: Volume): void {
  if (volume.emptyDir !== undefined || volume["hostPath"] !== undefined) return;
  const source = Object.keys(volume).find((field) => field !== "name") ?? "nothing";
  refuse(ref, `volume "${volume.name}" comes from ${source}; the local cluster has emptyDir and hostPath only`);
}

function uniqueNames(ref: string, field: string, named: readonly { readonly name: string }[]): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const { name } of named) {
    if (!isDnsLabel(name)) refuse(ref, `${field}: ${JSON.stringify(name)} is not a name`);
    if (seen.has(name)) refuse(ref, `${field}: "${name}" is there twice`);
    seen.add(name);
  }
  return seen;
}

function checkSeconds(ref: string, field: string, value: unknown, least: number): void {
  if (value === undefined) return;
  if (!Number.isSafeInteger(value) || Number(value) < least)
    refuse(ref, `${field} must be a whole number from ${least}`);
}

function listOf<T>(ref: string, field: string, value: unknown): readonly T[] {
  if (!Array.isArray(value)) return refuse(ref, `${field} is not a list`);
  return value as readonly T[];
}

function refuse(ref: string, fault: string): never {
  throw new DataPlaneError("invalid_argument", `store ${ref}: ${fault}`, { ref });
}
