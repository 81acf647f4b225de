import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Paths of the server programs that there are, by the names of `npm run tools`. */
    storePrograms: Readonly<Record<string, string>>;
  }
}

/** The path of a server's program. */
export function givenProgram(name: string): string {
  const program = inject("storePrograms")[name];
  if (program === undefined) throw new Error(`${name} is missing: npm run tools -- --only ${name}`);
  return program;
}
