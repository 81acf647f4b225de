import type { Case } from "../case.ts";
import { badLocationCases } from "./bad-locations.ts";
import { commandCases } from "./commands.ts";
import { composedOutputCases } from "./composed-outputs.ts";
import { configurationCases } from "./configuration.ts";
import { declaredInputCases } from "./declared-inputs.ts";
import { fileCases } from "./files.ts";
import { locationCases } from "./locations.ts";
import { nameCases } from "./names.ts";
import { outputCases } from "./outputs.ts";
import { refusedOutputCases } from "./refused-outputs.ts";
import { remoteTroubleCases } from "./remote-trouble.ts";
import { sidecarLifeCases } from "./sidecar-life.ts";
import { simpleOutputCases } from "./simple-outputs.ts";
import { troubleCases } from "./trouble.ts";
import { valueCases } from "./values.ts";

/** Every written case, in the order in which they run. */
export function allCases(): readonly Case[] {
  return [
    ...valueCases,
    ...fileCases,
    ...nameCases,
    ...locationCases,
    ...badLocationCases,
    ...declaredInputCases,
    ...troubleCases,
    ...remoteTroubleCases,
    ...simpleOutputCases,
    ...outputCases,
    ...refusedOutputCases,
    ...composedOutputCases,
    ...sidecarLifeCases,
    ...commandCases,
    ...configurationCases,
  ];
}

/** One of so many, of those that come after one another, and so of each kind. */
const oneOf = 8;

/** A small part of the cases, of all kinds. */
export function quickCases(cases: readonly Case[]): readonly Case[] {
  return cases.filter((_, at) => at % oneOf === 0);
}
