import { BlockList, isIP } from "node:net";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { ProxyOptions } from "./exchange.ts";
import type { Origin } from "./origin.ts";

/** A forward proxy: how to reach it, and what it wants to hear of who we are. */
export interface Proxy {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** `host:port`, without the credentials. */
  readonly peer: string;
  /** Value of `Proxy-Authorization`; never logged. */
  readonly authorization: string | undefined;
}

/** Chooses the proxy for an origin; undefined for a direct connection. */
export type ProxyRule = (origin: Origin) => Proxy | undefined;

/** Rejects with `invalid_argument` for a proxy that is no http or https URL. */
export function createProxyRule(options: ProxyOptions): ProxyRule {
  const http = parseProxy(options.http);
  const https = parseProxy(options.https);
  const isDirect = createBypass(options.no ?? "");
  return (origin) => {
    const proxy = origin.tls ? https : http;
    return proxy === undefined || isDirect(origin) ? undefined : proxy;
  };
}

function parseProxy(text: string | undefined): Proxy | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  // People write `proxy:3128`, and curl and Go take it.
  const full = /^[a-z0-9+.-]+:\/\//i.test(text.trim()) ? text.trim() : `http://${text.trim()}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === "") throw improper();
  const tls = url.protocol === "https:";
  const port = url.port === "" ? (tls ? 443 : 80) : Number(url.port);
  return {
    tls,
    host: withoutBrackets(url.hostname),
    port,
    peer: `${url.hostname}:${port}`,
    authorization: authorizationOf(url),
  };
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString("base64")}`;
  } catch {
    // A percent sign that should have been escaped.
    throw improper();
  }
}

/** It may hold a password, so it is not repeated. */
function improper(): DataPlaneError {
  return new DataPlaneError("invalid_argument", "a proxy is an http:// or https:// URL");
}

/**
 * What `NO_PROXY` says: `*`; a name, which stands for all names below it too, with a leading dot or `*.` or without; an
 * address or a CIDR block; each perhaps with a port. This machine is never reached through a proxy.
 */
function createBypass(list: string): (origin: Origin) => boolean {
  const rules = list
    .split(/[\s,]+/)
    .filter((rule) => rule !== "")
    .map(parseRule);
  return ({ host, port }) => {
    const name = host.toLowerCase().replace(/\.$/, "");
    return name === "localhost" || isLoopback(name) || rules.some((rule) => rule(name, port));
  };
}

type BypassRule = (name: string, port: number) => boolean;

function parseRule(text: string): BypassRule {
  if (text === "*") return () => true;
  const block = parseBlock(text);
  if (block !== undefined) return (name) => contains(block, name);
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:]*|.*:.*:.*?))(?::([0-9]+))?$/.exec(text) ?? [];
  const wanted = (bracketed ?? plain ?? text).toLowerCase().replace(/^\*?\./, "");
  const port = portText === undefined ? undefined : Number(portText);
  const below = `.${wanted}`;
  return (name, actual) => (port === undefined || port === actual) && (name === wanted || name.endsWith(below));
}

function parseBlock(text: string): BlockList | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIP(address);
  if (bits === undefined || more.length > 0 || family === 0 || !/^[0-9]{1,3}$/.test(bits)) return undefined;
  if (Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family === 4 ? "ipv4" : "ipv6");
  return block;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(name: string): boolean {
  return contains(loopback, name);
}

function contains(block: BlockList, name: string): boolean {
  const family = isIP(name);
  return family !== 0 && block.check(name, family === 4 ? "ipv4" : "ipv6");
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}
