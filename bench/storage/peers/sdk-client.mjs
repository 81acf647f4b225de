// @ts-check
// The client of AWS's SDK for JavaScript, set to do the work that ours does and no more.
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { S3Client } from "@aws-sdk/client-s3";

export const lanes = 16;

/** @returns {S3Client} endpoint, region and keys come from the environment */
export function openClient() {
  const ca = process.env["BENCH_CA"];
  const agent = { keepAlive: true, maxSockets: lanes };
  const trust = ca === undefined ? {} : { ca: readFileSync(ca) };
  return new S3Client({
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { httpAgent: new Agent(agent), httpsAgent: new TlsAgent({ ...agent, ...trust }) },
  });
}
