/**
 * Which server answers for a resource: always this one, at the address that the caller used, so that SDKs keep their connection
 * (dataproxy.md 2.7). The request itself is not looked at.
 */
export function clusterEndpoint(publicEndpoint: string, header: Headers): string {
  if (publicEndpoint !== "") return publicEndpoint.replace(/\/+$/, "");
  const host = (header.get("host") ?? "").trim();
  if (host === "") return "";
  const forwarded = (header.get("x-forwarded-proto") ?? "").split(",")[0]?.trim().toLowerCase();
  return `${forwarded === "https" ? "https" : "http"}://${host}`;
}
