import { Buffer } from "node:buffer";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bodyOf, collect, expectCode, someBytes, text } from "../src/conformance/index.ts";
import type { Driver } from "../src/driver.ts";
import { openFileDriver } from "../src/drivers/file/driver.ts";
import { loadSigningKey } from "../src/drivers/file/signing-key.ts";
import { partialFiles, temporaryFolder } from "./file-store.ts";

let folder: string;
let driver: Driver;

beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(path.join(folder, "store"));
  driver = openFileDriver({ root: path.join(folder, "store"), durability: "synced" });
});

afterEach(async () => {
  await driver.close();
  await rm(folder, { recursive: true });
});

describe("the file driver among other users of the file system", () => {
  it("stores plain files, whole and readable by others, also when it syncs", async () => {
    await driver.put("a/b", bodyOf(text("x")));
    expect(await readFile(path.join(folder, "store/a/b"), "utf8")).toBe("x");
    expect((await stat(path.join(folder, "store/a/b"))).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it("does not follow a link out of its folder, to read, write or delete", async () => {
    await writeFile(path.join(folder, "outside"), "secret");
    await mkdir(path.join(folder, "elsewhere"));
    await symlink(path.join(folder, "outside"), path.join(folder, "store", "link"));
    await symlink(path.join(folder, "elsewhere"), path.join(folder, "store", "folder"));
    await expectCode(driver.get("link"), "permission_denied");
    await expectCode(driver.head("link"), "permission_denied");
    await expectCode(driver.put("link", bodyOf(text("x"))), "permission_denied");
    await expectCode(driver.put("folder/new", bodyOf(text("x"))), "permission_denied");
    await expectCode(driver.delete("folder/x"), "permission_denied");
    expect(await readdir(path.join(folder, "elsewhere"))).toEqual([]);
    expect(await readFile(path.join(folder, "outside"), "utf8")).toBe("secret");
  });

  it("does not list through links to folders, be they circles", async () => {
    await driver.put("d/object", bodyOf(text("x")));
    await symlink(path.join(folder, "store"), path.join(folder, "store", "d", "circle"));
    const keys: string[] = [];
    for await (const { key } of driver.list("")) keys.push(key);
    expect(keys).toEqual(["d/object"]);
  });

  it("takes a pipe for no object and does not wait for its writer", async () => {
    execFileSync("mkfifo", [path.join(folder, "store", "pipe")]);
    await expectCode(driver.get("pipe"), "not_found");
    await expectCode(driver.head("pipe"), "not_found");
    for await (const { key } of driver.list("")) expect(key).not.toBe("pipe");
  });

  it("says data_loss when a file that is read gets shorter", async () => {
    await driver.put("shrinking", bodyOf(someBytes(1_000_000)));
    const { body } = await driver.get("shrinking");
    const reading = (async () => {
      for await (const _chunk of body) await writeFile(path.join(folder, "store", "shrinking"), "short");
    })();
    await expectCode(reading, "data_loss");
  });

  it("a part of a name longer than the file system takes is invalid_argument, and nothing is left", async () => {
    await expectCode(driver.put("n".repeat(256), bodyOf(text("x"))), "invalid_argument");
    expect(await partialFiles(path.join(folder, "store"))).toEqual([]);
  });

  it("a name reserved for incomplete objects is no key", async () => {
    await expectCode(driver.put(".partial-0123456789abcdef", bodyOf(text("x"))), "invalid_argument");
  });

  it("what a killed process had written of an object is no object, and no key leads to it", async () => {
    const root = path.join(folder, "store");
    await driver.put("runs/whole", text("x"));
    const program = `
      import { openFileDriver } from ${JSON.stringify(new URL("../dist/drivers/file/driver.js", import.meta.url).href)};
      async function* body() { yield new Uint8Array(4096); console.log("begun"); await new Promise(() => setTimeout(() => 0, 1e9)); }
      await openFileDriver({ root: ${JSON.stringify(root)} }).put("runs/cut", body());`;
    const writer = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    await once(writer.stdout, "data");
    writer.kill("SIGKILL");
    await once(writer, "exit");

    const [left = "", ...more] = await partialFiles(root);
    expect([path.dirname(left), more]).toEqual(["runs", []]);
    const keys: string[] = [];
    for (const prefix of ["", "runs/", "runs/.", left]) {
      for await (const { key } of driver.list(prefix)) keys.push(key);
    }
    expect(keys).toEqual(["runs/whole", "runs/whole"]);
    await expectCode(driver.get("runs/cut"), "not_found");
    await expectCode(driver.get(left), "invalid_argument");
    await expectCode(driver.head(left), "invalid_argument");
    await driver.put("runs/cut", text("again"));
    expect((await collect(driver.get("runs/cut"))).byteLength).toBe(5);
  });

  it("a full device is resource_exhausted, and the partial file is gone", async (context) => {
    context.skip(!mayMount(), "this machine lets nobody have a mount namespace of their own");
    const small = path.join(folder, "small");
    await mkdir(small);
    // A file system of its own, in a mount namespace of its own: neither root nor a mount outside is needed.
    const script = `mount -t tmpfs -o size=64k tmpfs ${small} && exec ${process.execPath} --input-type=module`;
    const program = `
      import { openFileDriver } from ${JSON.stringify(new URL("../dist/drivers/file/driver.js", import.meta.url).href)};
      import { readdir } from "node:fs/promises";
      const driver = openFileDriver({ root: ${JSON.stringify(small)} });
      async function* body() { for (let i = 0; i < 64; i++) yield new Uint8Array(4096); }
      const code = await driver.put("large", body()).then(() => "stored", (error) => error.code);
      const huge = new Uint8Array(16 * 1024 * 1024);
      const refusal = await driver.put("huge", huge).then(() => "stored", (error) => error.code + ": " + error.message);
      console.log(JSON.stringify([code, refusal, await readdir(${JSON.stringify(small)})]));`;
    const output = execFileSync("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", script], {
      input: program,
    });
    const refusal = "resource_exhausted: the body has 16777216 bytes, 65536 are free on the device";
    expect(JSON.parse(output.toString())).toEqual(["resource_exhausted", refusal, []]);
  });

  it("a place where no folder can be made is an error, not a wait without end", async () => {
    const kernel = openFileDriver({ root: "/proc", durability: "fast" });
    await expect(kernel.put("none/such/object", bodyOf(text("x")))).rejects.toMatchObject({ name: "DataPlaneError" });
  });

  it("refuses a root that is no absolute path", () => {
    expect(() => openFileDriver({ root: "relative" })).toThrow(/absolute/);
  });
});

function mayMount(): boolean {
  return spawnSync("unshare", ["--user", "--map-root-user", "--mount", "true"]).status === 0;
}

describe("the signing key", () => {
  it("is made once, kept for its owner alone, and the same for all who ask at once", async () => {
    const file = path.join(folder, "keys", "signing-key");
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadSigningKey(file)));
    const [first] = keys;
    expect(first?.byteLength).toBe(32);
    for (const key of keys) expect(Buffer.from(key)).toEqual(Buffer.from(first ?? []));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await partialFiles(folder)).toEqual([]);
    expect(Buffer.from(await loadSigningKey(file))).toEqual(Buffer.from(first ?? []));
  });

  it("of another length is data_loss, and names the remedy", async () => {
    const file = path.join(folder, "signing-key");
    await writeFile(file, "short");
    await expectCode(loadSigningKey(file), "data_loss");
    await expect(loadSigningKey(file)).rejects.toThrow(/remove it/);
  });
});

describe("reads", () => {
  it("of an object written beside the driver see it as it is", async () => {
    await writeFile(path.join(folder, "store", "theirs"), "by a task");
    expect(Buffer.from(await collect(driver.get("theirs"))).toString()).toBe("by a task");
  });
});
