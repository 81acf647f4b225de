import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Paths of the server programs that there are, by the names of `npm run tools`. */
    storePrograms: Readonly<Record<string, string>>;
  }
}

/** The path of a server's program; undefined where nobody got it. */
export function givenProgram(name: string): string | undefined {
  return inject("storePrograms")[name];
}
