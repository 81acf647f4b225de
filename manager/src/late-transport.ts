import type { Transport } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";

/**
 * A transport whose services are put together after those who call them: parts of one process call each other in circles (runs enqueue actions,
 * actions report to runs).
 */
export function lateTransport(): { readonly transport: Transport; connect(real: Transport): void } {
  let connected: Transport | undefined;
  const real = (): Transport => {
    if (connected === undefined)
      throw new DataPlaneError("unavailable", "the services of this process are not connected yet");
    return connected;
  };
  return {
    transport: {
      unary: (...call) => real().unary(...call),
      stream: (...call) => real().stream(...call),
    },
    connect: (transport) => {
      connected = transport;
    },
  };
}
