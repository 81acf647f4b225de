import type { DataPlaneError } from "@flyte-dataplane/core";
import type { BodyFraming } from "./body-framing.ts";
import type { BodyTaker } from "./exchange.ts";
import { sharedRoom } from "./memory.ts";
import type { Receiver } from "./receiver.ts";

/** What a body that is handed over needs of its exchange. */
export interface HandoverSupply {
  /** The peer broke the body off, or its framing is wrong. */
  fail(error: DataPlaneError): void;
  /** The taker does not want it. */
  refused(error: unknown): void;
  /** The taker has it all. */
  handedOver(surplus: boolean): void;
}

/** A body that goes to its taker within the calls that bring it: no memory in between, and nobody to wait for. */
export class Handover implements Receiver {
  readonly #framing: BodyFraming;
  readonly #taker: BodyTaker;
  readonly #supply: HandoverSupply;

  constructor(framing: BodyFraming, taker: BodyTaker, supply: HandoverSupply) {
    this.#framing = framing;
    this.#taker = taker;
    this.#supply = supply;
  }

  /** What came together with the head; the body may be complete with that. */
  begin(bytes: Uint8Array): boolean {
    return bytes.byteLength > 0 || this.#framing.done ? this.arrived(bytes) : true;
  }

  room(): Uint8Array {
    return sharedRoom;
  }

  arrived(bytes: Uint8Array): boolean {
    const framing = this.#framing;
    let count: number;
    try {
      count = framing.decode(bytes);
    } catch (error) {
      this.#supply.fail(error as DataPlaneError);
      return false;
    }
    try {
      if (count > 0) this.#taker.chunk(count === bytes.byteLength ? bytes : bytes.subarray(0, count));
      if (!framing.done) return true;
      this.#taker.end();
    } catch (error) {
      this.#supply.refused(error);
      return false;
    }
    this.#supply.handedOver(framing.surplus);
    return true;
  }

  ended(): void {
    try {
      this.#framing.end();
    } catch (error) {
      this.#supply.fail(error as DataPlaneError);
      return;
    }
    this.arrived(nothing);
  }

  failed(error: DataPlaneError): void {
    this.#supply.refused(error);
  }

  silent(): boolean {
    return true;
  }
}

const nothing = new Uint8Array(0);
