// @ts-check
// Package registries that carry one platform's binaries make npm leave the others out of the lock file without a word,
// and `npm ci` then refuses the lock file everywhere. What is left out can be told from the packages that ask for it.

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {string} [resolved]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */

/**
 * @typedef {object} Absent
 * @property {string} name
 * @property {string} version as the package that asks for it pins it
 * @property {string} by path of that package in the lock file
 */

/** Parts of package names, by what npm calls them. */
const systems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const processors = {
  arm64: "arm64",
  x64: "x64",
  ia32: "ia32",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  loong64: "loong64",
};

/**
 * Optional packages that others ask for and that have no entry.
 * @param {Readonly<Record<string, LockEntry>>} packages the lock file's `packages`
 * @returns {Absent[]}
 */
export function absentPackages(packages) {
  return Object.entries(packages).flatMap(([by, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !packages[`node_modules/${name}`] && !packages[`${by}/node_modules/${name}`])
      .map(([name, version]) => ({ name, version, by })),
  );
}

/**
 * Adds an entry for each absent package whose name says for which platform it is. The entry has no integrity, since the
 * package was never seen; npm fills it in where it installs it.
 * @param {Readonly<Record<string, LockEntry>>} packages
 * @returns {{ packages: Record<string, LockEntry>, added: string[], unknown: Absent[] }} unknown: packages that no
 *   platform could be told for, or that this very platform needs
 */
export function complete(packages) {
  /** @type {Record<string, LockEntry>} */
  const result = { ...packages };
  /** @type {string[]} */
  const added = [];
  /** @type {Absent[]} */
  const unknown = [];
  for (const absent of absentPackages(packages)) {
    const platform = platformOf(absent.name);
    if (!platform || !/^\d/.test(absent.version)) {
      unknown.push(absent);
      continue;
    }
    const { cpu, libc, os } = platform;
    result[`node_modules/${absent.name}`] = {
      version: absent.version,
      cpu,
      ...(packages[absent.by]?.dev ? { dev: true } : {}),
      ...(libc ? { libc } : {}),
      optional: true,
      os,
    };
    added.push(absent.name);
  }
  // npm sorts by path; a diff against its own output stays small.
  const sorted = Object.fromEntries(Object.entries(result).sort(([a], [b]) => a.localeCompare(b, "en")));
  return { packages: sorted, added, unknown };
}

/**
 * Reads `…-linux-arm64-musl` and its like.
 * @param {string} name
 * @returns {{ os: string[], cpu: string[], libc?: string[] } | undefined}
 */
export function platformOf(name) {
  const words = (name.split("/").at(-1) ?? "").split("-");
  const os = words.find((word) => systems.includes(word));
  const word = words.find((part) => part in processors || /^arm(v\d)?$/.test(part));
  if (!os || !word) return undefined;
  const cpu = /** @type {Record<string, string>} */ (processors)[word] ?? "arm";
  const libc =
    os !== "linux"
      ? undefined
      : words.some((part) => part.startsWith("musl"))
        ? "musl"
        : words.some((part) => part.startsWith("gnu"))
          ? "glibc"
          : undefined;
  return { os: [os], cpu: [cpu], ...(libc ? { libc: [libc] } : {}) };
}
