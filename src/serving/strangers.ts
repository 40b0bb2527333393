import { hostname } from "node:os";
import { UserError } from "../foundation/errors.ts";

export interface StrangerOptions {
  /** The address listened on. */
  readonly host: string;
  /** Further names of this server: a proxy's, a machine's in its network. */
  readonly allowHosts?: readonly string[] | undefined;
  /** Origins of pages elsewhere that may use this server: `https://app.example.org`. */
  readonly allowOrigins?: readonly string[] | undefined;
}

export interface Strangers {
  /** Why a request is not for this server, or not from a page that may use it; undefined if it is fine. */
  refuses(request: Request): string | undefined;
  /** The allowed origins, as browsers write them. */
  readonly origins: readonly string[];
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const ANY = ["0.0.0.0", "[::]"];
const ADDRESS = /^(\d+\.\d+\.\d+\.\d+|\[[\d:a-f.]+\])$/;

/** `http://` and a host of a header or an option; undefined for what is more or less than a host and a port. */
function urlOf(host: string): URL | undefined {
  if (/[\s/\\?#@,]/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`);
}

/** A host's name without its port, in lower case; addresses in their usual form. */
const nameOf = (host: string): string | undefined => urlOf(host)?.hostname.replace(/\.$/, "");

/**
 * Keeps out pages of other sites in a browser on this machine. Such a page can send requests to any address that the
 * browser reaches: they carry its `Origin`. It can also give its own name this server's address (DNS rebinding), and then
 * reads the responses too: such requests carry that name as `Host`. An address as `Host` cannot be rebound.
 * @throws UserError for an allowed host or origin that is none
 */
export function strangers({ host, allowHosts = [], allowOrigins = [] }: StrangerOptions): Strangers {
  const own = nameOf(host.includes(":") && !host.startsWith("[") ? `[${host}]` : host) ?? host;
  const hosts = new Set(
    [...allowHosts].map((given) => {
      const name = nameOf(given);
      if (name) return name;
      throw new UserError(`allowed host ${given}: must be a name or an address, such as models.example.org`);
    }),
  );
  const origins = allowOrigins.map((given) => {
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (url && url.origin !== "null" && url.href === `${url.origin}/`) return url.origin;
    throw new UserError(`allowed origin ${given}: must be a scheme and a host, such as https://app.example.org`);
  });
  const machine = hostname().toLowerCase();

  function isOurs(name: string | undefined): boolean {
    if (name === undefined) return false;
    if (name === own || hosts.has(name)) return true;
    if (ANY.includes(own)) return ADDRESS.test(name) || LOOPBACK.test(name) || name === machine;
    return LOOPBACK.test(own) && LOOPBACK.test(name);
  }

  return {
    origins,
    refuses(request) {
      // A request line may name another host than the header does, and then counts.
      const asked = [new URL(request.url).host, request.headers.get("host")];
      const foreign = asked.find((one) => one !== null && !isOurs(nameOf(one)));
      if (typeof foreign === "string") return `host ${foreign} is not this server's; --allow-host allows a name`;
      const origin = request.headers.get("origin");
      if (origin === null || origins.includes(origin)) return undefined;
      const from = URL.canParse(origin) ? new URL(origin).host : undefined;
      const to = urlOf(asked[1] ?? asked[0] ?? "")?.host;
      if (from !== undefined && from !== "" && from === to) return undefined;
      return `origin ${origin} may not use this server; --allow-origin allows one`;
    },
  };
}
