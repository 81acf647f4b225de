import { createHash, hash } from "node:crypto";
import { type Clock, DataPlaneError, isRecoverable } from "@flyte-dataplane/core";
import type { FileSlice } from "../../driver.ts";
import { chunksOf } from "../../source.ts";
import { StoreAnswer } from "../../store-answer.ts";
import type { BodyTaker, WireClient, WireRequest, WireResponse } from "../../wire/exchange.ts";
import { type BucketAddress, bucketAddress, locate } from "./address.ts";
import type { S3Config } from "./config.ts";
import type { CredentialsProvider, S3Credentials } from "./credentials/credentials.ts";
import { type S3Refusal, s3Error } from "./errors.ts";
import { readRefusal } from "./refusal.ts";
import { emptyPayloadHash, signHeaders, unsignedPayload } from "./sign.ts";
import { encodeQuery } from "./sign-canonical.ts";

export interface S3Deps {
  readonly clock: Clock;
  readonly wire: WireClient;
  readonly credentials: CredentialsProvider;
}

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Absent for requests to the bucket itself. */
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Something that can be sent a second time. */
  readonly body?: Uint8Array | FileSlice;
  readonly signal?: AbortSignal | undefined;
  /** A status besides 2xx that the caller wants to see. */
  readonly accept?: number;
  readonly taker?: BodyTaker | undefined;
  readonly answersLate?: boolean;
}

/** What the store taught us about itself; see `S3Requests.#learn`. */
interface Knowledge {
  readonly region: string;
  /** In that region. */
  readonly address: BucketAddress;
  /** Its scheme and host. */
  readonly origin: string;
  /** Milliseconds to be added to our clock to have the store's. */
  readonly skewMs: number;
}

const noHeaders: Readonly<Record<string, string>> = {};

type Lesson = "region" | "clock";

/** Over plain http, the largest body in memory whose hash is signed; 4 ms of CPU. */
const maxHashedBytes = 1024 * 1024;
/** A third of the difference that S3 accepts: where a refusal has no words, a smaller one is not its reason. */
const suspectSkewMs = 5 * 60 * 1000;

/**
 * Signs and sends the requests of one bucket. A refusal because of a wrong region or a wrong clock teaches this object and
 * is answered with one more request, signed with what was learnt; everything else is the caller's to judge, and nothing
 * else is sent twice.
 */
export class S3Requests {
  readonly config: S3Config;
  readonly #deps: S3Deps;
  #known: Knowledge;
  /** Whether the region was confirmed by the store. */
  #settled = false;

  constructor(config: S3Config, deps: S3Deps) {
    this.config = config;
    this.#deps = deps;
    const region = config.region ?? "us-east-1";
    this.#known = { ...this.#placed(region), skewMs: 0 };
  }

  get region(): string {
    return this.#known.region;
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  /** The store's time, as far as we know it. */
  now(): number {
    return this.#deps.clock.now() + this.#known.skewMs;
  }

  /** Of the bucket; `endpoint` stands in for the configured one. */
  address(endpoint: string | undefined): BucketAddress {
    return endpoint === undefined ? this.#known.address : bucketAddress(this.config, this.region, endpoint);
  }

  /** The store's answer, a success or `accept`. Rejects with what the refusal means. */
  async send(request: S3Request): Promise<WireResponse> {
    let learnt: Set<Lesson> | undefined;
    for (;;) {
      const used = this.#known;
      const { body, signal } = request;
      const credentials = await this.#deps.credentials(signal === undefined ? {} : { signal });
      const payloadHash = body === undefined ? emptyPayloadHash : await this.#payloadHash(used.address.scheme, body);
      const response = await this.#deps.wire.send(this.#signed(request, used, credentials, payloadHash));
      const { status } = response;
      if ((status >= 200 && status < 300) || status === request.accept) return response;
      const refusal = await readRefusal(response, this.#deps.clock.now());
      const lesson = this.#learn(refusal, used);
      learnt ??= new Set();
      if (lesson === undefined || learnt.has(lesson)) throw s3Error(refusal);
      learnt.add(lesson);
    }
  }

  /**
   * The bucket's region for a link, which can teach us nothing once it is handed out: AWS is asked for it, once, unless it
   * is configured. That the store refuses us the bucket itself is no fault, for its refusal tells the region too.
   */
  async settledRegion(signal: AbortSignal | undefined): Promise<string> {
    if (this.#settled || this.config.region !== undefined || this.config.endpoint !== undefined) return this.region;
    try {
      const response = await this.send({ method: "HEAD", signal });
      await response.discard();
    } catch (error) {
      if (!(error instanceof DataPlaneError && error.cause instanceof StoreAnswer)) throw error;
      if (isRecoverable(error.code)) throw error;
    }
    this.#settled = true;
    return this.region;
  }

  #placed(region: string): Pick<Knowledge, "region" | "address" | "origin"> {
    const address = bucketAddress(this.config, region, this.config.endpoint);
    return { region, address, origin: `${address.scheme}://${address.host}` };
  }

  #signed(
    request: S3Request,
    { region, address, origin, skewMs }: Knowledge,
    credentials: S3Credentials | undefined,
    payloadHash: string,
  ): WireRequest {
    const { method, query, body, signal, taker, answersLate } = request;
    const { host, path } = locate(address, request.key);
    const target = query === undefined ? path : `${path}?${encodeQuery(query)}`;
    const asked = request.headers ?? noHeaders;
    const given = this.config.requesterPays === true ? { ...asked, "x-amz-request-payer": "requester" } : asked;
    const now = this.#deps.clock.now() + skewMs;
    const headers =
      credentials === undefined
        ? given
        : signHeaders({ method, host, target, headers: given, payloadHash, region, credentials, now });
    return { method, origin, target, headers, body, signal, taker, answersLate };
  }

  async #payloadHash(scheme: string, body: Uint8Array | FileSlice): Promise<string> {
    const small = body instanceof Uint8Array && body.byteLength <= maxHashedBytes;
    if (this.config.signPayload !== true && (scheme === "https" || !small)) return unsignedPayload;
    if (body instanceof Uint8Array) return hash("sha256", body);
    const running = createHash("sha256");
    for await (const chunk of chunksOf(body)) running.update(chunk);
    return running.digest("hex");
  }

  /**
   * Takes from a refusal what a second attempt may do better than one made with `used`; undefined for nothing. With an
   * endpoint of its own a store can correct the region of our signature, yet never send us elsewhere.
   */
  #learn({ answer, region }: S3Refusal, used: Knowledge): Lesson | undefined {
    const { status, code, serverDateMs } = answer;
    const sameHost = status === 400 && (code === "AuthorizationHeaderMalformed" || code === "");
    const regional = sameHost || (this.config.endpoint === undefined && (status === 301 || status === 307));
    if (regional && region !== undefined && region !== used.region) {
      this.#known = { ...this.#known, ...this.#placed(region) };
      return "region";
    }
    const skewed = code === "RequestTimeTooSkewed" || code === "RequestExpired";
    if (serverDateMs === undefined || !(skewed || (status === 403 && code === ""))) return undefined;
    const skewMs = serverDateMs - this.#deps.clock.now();
    if (!skewed && Math.abs(skewMs - used.skewMs) < suspectSkewMs) return undefined;
    this.#known = { ...this.#known, skewMs };
    return "clock";
  }
}
