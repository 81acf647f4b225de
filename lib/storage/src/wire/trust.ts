import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import { DataPlaneError } from "@flyte-dataplane/core";

/** Where distributions keep the authorities of the machine, the first that is there counts. */
const systemBundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Whom TLS connections believe, and the sessions that spare a second handshake its signatures. */
export class Trust {
  readonly #ca: string | undefined;
  #context: SecureContext | undefined;
  #hasSystem = false;
  readonly #sessions = new Map<string, Buffer>();

  /** Throws `invalid_argument` for text that is no PEM. */
  constructor(ca: string | undefined) {
    if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
      throw new DataPlaneError("invalid_argument", "the authorities to trust are no certificates in PEM");
    }
    this.#ca = ca;
  }

  /** The runtime's authorities and the configured ones; after `addSystem` those of the machine too. */
  get context(): SecureContext {
    this.#context ??= createContext(this.#ca);
    return this.#context;
  }

  /**
   * Adds the machine's own authorities; false if they were there already or there are none. Only done once a certificate
   * was not believed: to read them costs 50 ms and more, and hardly a store needs them.
   */
  addSystem(): boolean {
    if (this.#hasSystem) return false;
    this.#hasSystem = true;
    const bundle = systemBundle();
    if (bundle === undefined) return false;
    addAuthorities(this.context, bundle);
    return true;
  }

  session(peer: string): Buffer | undefined {
    return this.#sessions.get(peer);
  }

  keepSession(peer: string, session: Buffer): void {
    this.#sessions.delete(peer);
    this.#sessions.set(peer, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
  }
}

const maxSessions = 256;

function createContext(ca: string | undefined): SecureContext {
  const context = createSecureContext();
  if (ca !== undefined) addAuthorities(context, ca);
  return context;
}

/**
 * The `ca` option would replace what Node trusts on its own, with what NODE_EXTRA_CA_CERTS adds to it; this method behind
 * the public one adds.
 */
function addAuthorities({ context }: SecureContext, pem: string): void {
  (context as { addCACert(pem: string): void }).addCACert(pem);
}

function systemBundle(): string | undefined {
  for (const file of systemBundles) {
    try {
      return readFileSync(file, "latin1");
    } catch {
      // Another distribution.
    }
  }
  return undefined;
}
