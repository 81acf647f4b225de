import { setImmediate as nextTurn } from "node:timers/promises";
import { abortError } from "@flyte-dataplane/core";
import { placeBytesNow } from "../local/place-file.ts";
import type { Description } from "./describe.ts";
import { type InputSource, type LayoutOptions, placeInput } from "./layout.ts";

/** Inputs staged without a look at what else happens. */
const inputsPerTurn = 64;

/**
 * Writes the texts of all inputs, whose folders are there, and describes each input. One at a time is decoded and laid out
 * once more, so that memory does not grow with their number.
 */
export async function stageTexts(
  inputs: InputSource,
  layout: LayoutOptions,
  description: Description,
  signal?: AbortSignal,
): Promise<void> {
  let staged = 0;
  for (const name of inputs.names) {
    const { texts, literal, value } = placeInput(name, inputs.literal(name), layout);
    for (const { file, bytes } of texts) placeBytesNow(file, bytes);
    description.add(name, literal, value);
    staged += 1;
    if (staged % inputsPerTurn !== 0) continue;
    await nextTurn();
    if (signal?.aborted === true) throw abortError(signal);
  }
}
