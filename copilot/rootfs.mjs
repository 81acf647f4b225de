// @ts-check
// `npm run rootfs -- FOLDER`: what an image of the co-pilot holds, after `npm run bundle`: Node, the libraries
// that it is linked with, and the packed program as /bin/flyte-copilot. Equal inputs give equal folders, times included.
import { execFileSync } from "node:child_process";
import { cpSync, lutimesSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const packed = path.join(path.dirname(fileURLToPath(import.meta.url)), "dist", "packed");
const [, , folder] = process.argv;
if (folder === undefined) throw new Error("name the folder to fill: npm run rootfs -- FOLDER");
fill(folder);

/** @param {string} root made if missing; files in it that have other names stay */
function fill(root) {
  // The packed program starts fast by the Node alone that packed it: this one.
  const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).match(/\/\S+/g) ?? [];
  for (const library of libraries) copy(library, path.join(root, library));
  copy(process.execPath, path.join(root, "usr/bin/node"));
  const program = path.join(root, "usr/lib/flyte-copilot");
  copy(path.join(packed, "flyte-copilot.packed"), path.join(program, "flyte-copilot.packed"));
  const launcher = readFileSync(path.join(packed, "flyte-copilot.cjs"), "utf8");
  writeFileSync(
    path.join(program, "flyte-copilot.cjs"),
    // There is no env here, and one program less to start.
    launcher.replace(/^#!.*/, "#!/usr/bin/node"),
    { mode: 0o755 },
  );
  mkdirSync(path.join(root, "bin"), { recursive: true });
  symlinkSync("../usr/lib/flyte-copilot/flyte-copilot.cjs", path.join(root, "bin/flyte-copilot"));
  for (const entry of readdirSync(root, { recursive: true })) lutimesSync(path.join(root, String(entry)), 0, 0);
}

/**
 * @param {string} from a file, or a link to one
 * @param {string} to
 */
function copy(from, to) {
  mkdirSync(path.dirname(to), { recursive: true });
  cpSync(from, to, { dereference: true });
}
