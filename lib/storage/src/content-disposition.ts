/** The Content-Disposition with which browsers save a body as `name`. */
export function attachment(name: string): string {
  // Twice, as RFC 6266 asks: plain for old clients, percent-encoded UTF-8 for the others.
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
