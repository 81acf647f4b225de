/** How a web server is read. There are no credentials: an address that needs some has them in its query, as signed links do. */
export interface HttpConfig {
  /** `http://host[:port]` or `https://host[:port]`, nothing behind it. */
  readonly origin: string;
  /** Sent with each request to `origin`, and to no other host that a redirect names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Redirects followed for one request. Default: 10. */
  readonly maxRedirects?: number;
}
