/** Everywhere that one server listens, as one thing to close: its port, and where that speaks TLS maybe one for this machine. */
import { type Listening, listen, type Takers } from "./listen.ts";
import type { TlsIdentity } from "./tls.ts";

export interface Places {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsIdentity | undefined;
  /** Beside TLS, listens in the clear on the loopback addresses too, on a port of its own that is free. */
  readonly clearOnLoopback: boolean;
}

export interface ListeningPlaces extends Listening {
  /** `http://localhost:<port>`: for programs of this machine, which need not know who vouches for the certificate. */
  readonly clearUrl?: string;
}

export async function listenPlaces(
  { host, port, tls, clearOnLoopback }: Places,
  takers: Takers,
): Promise<ListeningPlaces> {
  if (tls === undefined) return await listen(host, port, takers);
  const secure = await listen(host, port, behindTls(takers), tls);
  if (!clearOnLoopback) return secure;
  let clear: Listening;
  try {
    clear = await listen("localhost", 0, takers);
  } catch (error) {
    await secure.close();
    throw error;
  }
  return {
    ...secure,
    clearUrl: `http://localhost:${clear.port}`,
    close: async () => {
      await Promise.all([secure.close(), clear.close()]);
    },
    closeIdle: () => {
      secure.closeIdle();
      clear.closeIdle();
    },
    destroy: () => {
      secure.destroy();
      clear.destroy();
    },
  };
}

/**
 * Says of each request what a proxy that ends TLS says of it: whoever gives the caller an address of ours must know the
 * scheme, and looks in one place for it. What a proxy before us said stands: it knows what the caller used.
 */
function behindTls({ http1, http2 }: Takers): Takers {
  return {
    http1: (request, response) => {
      request.headers["x-forwarded-proto"] ??= "https";
      http1(request, response);
    },
    http2: (stream, headers) => {
      headers["x-forwarded-proto"] ??= "https";
      http2(stream, headers);
    },
  };
}
