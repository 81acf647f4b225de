// @ts-check
// `npm run rootfs -- FOLDER`: what an image of the co-pilot holds, after `npm run bundle -w copilot`: Node, the libraries
// that it is linked with, and the packed program as /bin/flyte-copilot. Equal inputs give equal folders, times included.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const packed = path.join(path.dirname(fileURLToPath(import.meta.url)), "dist", "packed");
const [, , folder] = process.argv;
if (folder === undefined) throw new Error("name the folder to fill: npm run rootfs -- FOLDER");
fill(folder);

/** @param {string} root made if missing; what is in it under other names stays as it is, times included */
function fill(root) {
  // The packed program starts fast by the Node alone that packed it: this one.
  const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).match(/\/\S+/g) ?? [];
  for (const library of libraries) place(root, library, (file) => copyFileSync(library, file));
  place(root, "usr/bin/node", (file) => copyFileSync(process.execPath, file));
  const program = "usr/lib/flyte-copilot";
  place(root, `${program}/flyte-copilot.packed`, (file) => {
    copyFileSync(path.join(packed, "flyte-copilot.packed"), file);
  });
  const launcher = readFileSync(path.join(packed, "flyte-copilot.cjs"), "utf8");
  place(root, `${program}/flyte-copilot.cjs`, (file) => {
    // There is no env here, and one program less to start.
    writeFileSync(file, launcher.replace(/^#!.*/, "#!/usr/bin/node"));
    chmodSync(file, 0o755);
  });
  place(root, "bin/flyte-copilot", (file) => symlinkSync(`../${program}/flyte-copilot.cjs`, file));
}

/**
 * Puts one entry of the image into its place, by `make`, and stamps it and the folders above it in `root`.
 * @param {string} root
 * @param {string} name its path in the image
 * @param {(file: string) => void} make
 */
function place(root, name, make) {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  // Not written over: of an earlier fill there is a link, and what it leads to would change. Nor removed first: if the
  // folder is that of the machine, nothing would run any more.
  const partial = `${file}.${process.pid}`;
  make(partial);
  renameSync(partial, file);
  const top = path.resolve(root);
  for (let at = path.resolve(file); at !== top; at = path.dirname(at)) lutimesSync(at, 0, 0);
  lutimesSync(top, 0, 0);
}
