/** Certificate and key as the settings name them, looked at before anything starts that would have to be stopped again. */
import { DataPlaneError } from "@flyte-dataplane/core";
import { readTlsFiles, type TlsFiles } from "@flyte-dataplane/runtime/server";

/**
 * What the server is to serve with; undefined for one in the clear. Rejects with `invalid_argument` that names the setting
 * when one is set without the other, a file cannot be read or is no such thing, or the key is another certificate's.
 */
export async function tlsFiles(files: TlsFiles): Promise<TlsFiles | undefined> {
  const { certFile, keyFile } = files;
  if (certFile === "" && keyFile === "") return undefined;
  const [set, missing] = certFile === "" ? ["keyFile", "certFile"] : ["certFile", "keyFile"];
  if (certFile === "" || keyFile === "")
    throw new DataPlaneError(
      "invalid_argument",
      `read configuration: server.tls.${set} is set without server.tls.${missing}; set both, or none to serve in the clear`,
      { origin: "user" },
    );
  await readTlsFiles(files, { cert: "server.tls.certFile", key: "server.tls.keyFile" });
  return files;
}
