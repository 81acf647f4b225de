// @ts-check
// Parts of Node that not every start comes to need, loaded by the first call of one of their functions. An import loads
// all of its module before the first line of the program: these take a quarter of the time that a bare Node does.

/** Of which the program uses nothing but functions: anything else has no place in what is made here. */
const late = ["node:crypto", "node:tls", "node:zlib"];

/** @type {import("esbuild").Plugin} */
export const lateBuiltins = {
  name: "late-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path: name }) =>
      late.includes(name) ? { path: name, namespace: "late", sideEffects: false } : undefined,
    );
    onLoad({ filter: /./, namespace: "late" }, ({ path: name }) => {
      const builtin = process.getBuiltinModule(name) ?? {};
      const functions = Object.entries(builtin).filter(([, value]) => typeof value === "function" && !isClass(value));
      const lines = functions.map(([key]) => `export function ${key}(...given) { return late().${key}(...given); }`);
      // Kept, since a checksum asks for it with each chunk.
      lines.push(
        `let loaded; function late() { return loaded ??= process.getBuiltinModule(${JSON.stringify(name)}); }`,
      );
      return { contents: lines.join("\n") };
    });
  },
};

/** @param {Function} value */
function isClass(value) {
  return /^[A-Z]/.test(value.name);
}
