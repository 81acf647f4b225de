import { setImmediate as nextTurn } from "node:timers/promises";
import { abortError } from "@flyte-dataplane/core";
import { placeBytesNow } from "../local/place-file.ts";
import type { Description } from "./describe.ts";
import { placeInput } from "./layout.ts";
import type { InputSource, LayoutOptions } from "./places.ts";

/** Texts written without a look at what else happens. */
const textsPerTurn = 64;

/**
 * Writes the texts of all inputs, whose folders are there, and describes each input. All is laid out once more, one text
 * at a time, so that memory does not grow with their number.
 */
export async function stageTexts(
  inputs: InputSource,
  layout: LayoutOptions,
  description: Description,
  signal?: AbortSignal,
): Promise<void> {
  let staged = 0;
  for (const name of inputs.names) {
    const texts = placeInput(name, inputs.literal(name), { ...layout, textsAlone: true });
    let step = texts.next();
    for (; step.done !== true; step = texts.next()) {
      placeBytesNow(step.value.file, step.value.bytes);
      staged += 1;
      if (staged % textsPerTurn !== 0) continue;
      await nextTurn();
      if (signal?.aborted === true) throw abortError(signal);
    }
    description.add(name, step.value.literal, step.value.value);
  }
}
