import { Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { createAdaptorServer } from "@hono/node-server";
import { messageOf, UserError } from "../foundation/errors.ts";
import { codeOf } from "../foundation/files.ts";

export interface Listening {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /**
   * Accepts no new connections, answers all accepted requests and those that still arrive on open connections, and
   * resolves when all connections are closed.
   */
  stop(): Promise<void>;
}

/** How long open connections must have been idle before they are closed: a client's next request may be in transit. */
const QUIET_MS = 200;
/** How long a request may take to arrive, or a response to be fetched, when stopping. Computations have no limit. */
const PATIENCE_MS = 30_000;

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is in use",
  EACCES: "permission denied; ports below 1024 are the system's",
  EADDRNOTAVAIL: "no network interface here has this address",
  ENOTFOUND: "there is no such host",
};

/**
 * Serves a function from requests to responses over HTTP.
 * @param port 0 for any free port
 * @throws UserError when it cannot listen on the port
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port, onStop = () => {} }: { host: string; port: number; onStop?: () => void },
): Promise<Listening> {
  const server = createAdaptorServer({ fetch });
  if (!(server instanceof HttpServer)) throw new Error("not a plain HTTP server");
  const open = new Map<IncomingMessage, ServerResponse>();
  let lastEnd = 0;
  server.prependListener("request", (request, response) => {
    open.set(request, response);
    response.once("close", () => {
      open.delete(request);
      lastEnd = performance.now();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw new UserError(`${host}:${port}: cannot listen (${reasons[codeOf(error) ?? ""] ?? messageOf(error)})`);
  });
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;

  /** Whether a request has been received completely and not been answered yet. */
  const isPending = ([request, response]: [IncomingMessage, ServerResponse]) =>
    request.complete && !response.writableEnded;

  const close = async (): Promise<void> => {
    const began = performance.now();
    onStop();
    // Connections that the system has already established are accepted in the next turn of the event loop.
    await setImmediate();
    // The HTTP server's `close` would also close connections that are between two requests.
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(server, () => resolve());
    });
    while (open.size > 0 || performance.now() - Math.max(began, lastEnd) < QUIET_MS) {
      if (performance.now() - began > PATIENCE_MS && ![...open].some(isPending)) break;
      await sleep(20);
    }
    server.closeAllConnections();
    await closed;
  };

  let stopped: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    stop() {
      stopped ??= close();
      return stopped;
    },
  };
}
