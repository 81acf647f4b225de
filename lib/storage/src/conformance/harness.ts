import type { Driver, Signer } from "../driver.ts";

/** What an emulator may fail to enforce; whoever lists one says so in the run, and nothing else may be skipped. */
export type Proof =
  | "signatures"
  | "expiry"
  | "signed-length"
  | "signed-md5"
  /** A completion heeds `ifAbsent`; a driver that knows its store does not rejects it with `unimplemented`. */
  | "conditional-completion"
  /** An upload that was aborted is unknown to later calls. */
  | "aborted-uploads";

/** A kind of store, ready to be judged. */
export interface Harness {
  /** A driver on a store of its own, without objects. The suite closes the driver. */
  open(): Promise<Driver>;
  /**
   * What is left in the stores beside objects: partial uploads, open descriptors or connections. One line each; the suite
   * wants none after every test.
   */
  leftovers(): Promise<readonly string[]>;
  /**
   * A signer of the store opened last whose clock is an hour slow, from stores that sign no link which has ended: one of
   * its links can have.
   */
  earlySigner?(): Promise<Signer | undefined>;
  readonly cannotProve?: readonly Proof[];
  /** Called once, after the last test. */
  close(): Promise<void>;
}

/** What a topic works on: the driver of the running test. */
export interface Subject {
  driver(): Driver;
  /** Those of the harness, for what must be gone before the test ends. */
  leftovers(): Promise<readonly string[]>;
  /** That of the harness, where it has one. */
  earlySigner(): Promise<Signer | undefined>;
  proves(proof: Proof): boolean;
}
