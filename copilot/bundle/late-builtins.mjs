// @ts-check
// Node's own modules, asked for as late as can be. An import loads all of its module before the first line of the program,
// and makes a second list of all that it exports: for a co-pilot that moves little this took more than a bare Node does.

/** Loaded by the first call of one of their functions; of these the program can use nothing else. */
const late = ["node:crypto", "node:fs/promises", "node:os", "node:timers/promises", "node:tls", "node:zlib"];

/**
 * The others are loaded with the first of our modules that uses them. What is bundled then has no import left, so that
 * its text is that of a script just as well: see pack.mjs.
 * @type {import("esbuild").Plugin}
 */
export const lateBuiltins = {
  name: "late-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path: name }) => ({ path: name, namespace: "late", sideEffects: false }));
    onLoad({ filter: /./, namespace: "late" }, ({ path: name }) => {
      const builtin = process.getBuiltinModule(name) ?? {};
      return { contents: late.includes(name) ? callsOf(name, builtin) : valuesOf(name, builtin) };
    });
  },
};

/**
 * @param {string} name
 * @param {object} builtin
 */
function callsOf(name, builtin) {
  const functions = Object.entries(builtin).filter(([, value]) => typeof value === "function" && !isClass(value));
  const lines = functions.map(([key]) => `export function ${key}(...given) { return late().${key}(...given); }`);
  // Kept, since a checksum asks for it with each chunk.
  lines.push(`let loaded; function late() { return loaded ??= process.getBuiltinModule(${JSON.stringify(name)}); }`);
  return lines.join("\n");
}

/**
 * @param {string} name
 * @param {object} builtin
 */
function valuesOf(name, builtin) {
  const keys = Object.keys(builtin).filter((key) => /^[A-Za-z]\w*$/.test(key) && key !== "default");
  return [
    `const builtin = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(name)});`,
    "export default builtin;",
    // What nobody uses is left out, as the call without effects that it is said to be.
    ...keys.map(
      (key) => `const own_${key} = /* @__PURE__ */ (() => builtin.${key})(); export { own_${key} as ${key} };`,
    ),
  ].join("\n");
}

/** @param {Function} value */
function isClass(value) {
  return /^[A-Z]/.test(value.name);
}
