// @ts-check
// Our own program with one mistake after the other, each in a copy: the cases have to notice every one.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * @param {string} root
 * @param {object} given
 * @param {typeof import("../../test/harness/harness.ts")} given.harness
 * @param {string} given.storeProgram
 * @param {ReturnType<typeof import("../../test/harness/harness.ts").selectCases>} given.cases
 * @param {number} given.parallel
 * @param {string} given.only part of the names of defects
 * @returns {Promise<number>} 1 when a defect went unnoticed, or fits the sources no more
 */
export async function detect(root, { harness, only, cases, ...given }) {
  const copy = copyProgram(root);
  let [noticed, unnoticed] = [0, 0];
  try {
    // A copy that is broken for another reason would notice everything.
    const fault = await firstFault(cases.filter((_, at) => at % 8 === 0));
    if (fault !== undefined) {
      console.log(`✗ without any defect: ${fault}`);
      return 1;
    }
    for (const defect of harness.defects.filter(({ name }) => name.includes(only))) {
      const fault = await noticedBy(defect);
      if (fault === undefined) unnoticed += 1;
      else noticed += 1;
      console.log(fault === undefined ? `✗ unnoticed: ${defect.name}` : `✓ ${defect.name}: ${fault}`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  console.log(`${noticed} passed, ${unnoticed} failed, 0 skipped`);
  return unnoticed === 0 && noticed > 0 ? 0 : 1;

  /**
   * @param {import("../../test/harness/harness.ts").Defect} defect
   * @returns {Promise<string | undefined>} the case that noticed
   */
  async function noticedBy(defect) {
    const file = path.join(copy, defect.file);
    const sound = readFileSync(file, "utf8");
    if (sound.split(defect.find).length !== 2) throw new Error(`${defect.file} holds not once: ${defect.find}`);
    writeFileSync(
      file,
      sound.replace(defect.find, () => defect.replace),
    );
    try {
      const near = cases.filter(({ name }) => name.includes(defect.near));
      return await firstFault([...near, ...cases.filter((one) => !near.includes(one))]);
    } finally {
      writeFileSync(file, sound);
    }
  }

  /**
   * Builds the copy as it is and runs cases until one fails.
   * @param {typeof cases} chosen
   * @returns {Promise<string | undefined>} the case that failed, and why
   */
  async function firstFault(chosen) {
    const built = spawnSync(process.execPath, [path.join(copy, "copilot", "bundle.mjs")], { encoding: "utf8" });
    if (built.status !== 0) throw new Error(`the copy does not build: ${built.stderr}`);
    const { results } = await harness.runHarness({
      ...given,
      binary: { path: process.execPath, args: [path.join(copy, "copilot", "dist", "flyte-copilot.mjs")] },
      dialect: "ours",
      cases: chosen,
      untilFirstFault: true,
      tell: () => undefined,
    });
    const found = results.find(({ state }) => state === "failed");
    return found && `${found.name}: ${found.faults[0]?.slice(0, 160)}`;
  }
}

/**
 * The program's sources, and what it is made of, where a change harms nobody.
 * @param {string} root
 * @returns {string} a folder that looks like the repository's
 */
function copyProgram(root) {
  const copy = mkdtempSync(path.join(tmpdir(), "copilot-defects-"));
  const own = path.join(root, "node_modules", "@flyte-dataplane");
  mkdirSync(path.join(copy, "node_modules", "@flyte-dataplane"), { recursive: true });
  for (const name of readdirSync(path.join(root, "node_modules"))) {
    if (name !== "@flyte-dataplane" && !name.startsWith("."))
      symlinkSync(path.join(root, "node_modules", name), path.join(copy, "node_modules", name));
  }
  for (const name of readdirSync(own)) {
    const place = path.join(copy, "node_modules", "@flyte-dataplane", name);
    if (!["core", "storage", "runtime"].includes(name)) {
      symlinkSync(path.join(own, name), place);
      continue;
    }
    for (const part of ["package.json", "dist"])
      cpSync(path.join(root, "lib", name, part), path.join(copy, "lib", name, part), { recursive: true });
    symlinkSync(path.join(copy, "lib", name), place);
  }
  for (const part of ["package.json", "bundle.mjs", "src"])
    cpSync(path.join(root, "copilot", part), path.join(copy, "copilot", part), { recursive: true });
  mkdirSync(path.join(copy, "copilot", "dist"));
  return copy;
}
