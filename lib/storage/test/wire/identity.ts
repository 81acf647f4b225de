import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface ServerIdentity {
  readonly key: string;
  readonly cert: string;
  /** The authority that signed it. */
  readonly ca: string;
}

/** A certificate for `names` (`DNS:…` or `IP:…`), signed by an authority made for it. Needs openssl. */
export function serverIdentity(names = "IP:127.0.0.1,DNS:store.test"): ServerIdentity {
  const folder = mkdtempSync(path.join(tmpdir(), "identity-"));
  const openssl = (...args: readonly string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  };
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    openssl("req", "-x509", ...ec, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test authority");
    openssl(
      "req",
      ...ec,
      "-keyout",
      "key.pem",
      "-out",
      "csr.pem",
      "-subj",
      "/CN=store",
      "-addext",
      `subjectAltName=${names}`,
    );
    const sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy", "-days", "2"];
    openssl("x509", "-req", "-in", "csr.pem", "-out", "cert.pem", ...sign);
    const read = (name: string): string => readFileSync(path.join(folder, name), "utf8");
    return { key: read("key.pem"), cert: read("cert.pem"), ca: read("ca.pem") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
