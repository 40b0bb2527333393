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
   * Takes no new connections, answers every request that was accepted, and resolves when all connections are closed.
   * What arrives on open connections meanwhile is answered too.
   */
  stop(): Promise<void>;
}

/** How long open connections must have been quiet before they are closed: a client's next request may be on its way. */
const QUIET_MS = 200;
/** How long a request may still take to arrive, or an answer to be fetched. What is being computed is waited for. */
const PATIENCE_MS = 30_000;

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is in use",
  EACCES: "permission denied; ports below 1024 are the system's",
  EADDRNOTAVAIL: "no network interface here has this address",
  ENOTFOUND: "there is no such host",
};

/**
 * Serves a function from requests to responses over HTTP.
 * @param port 0: any that is free
 * @throws UserError when the port cannot be had
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

  /** Received whole and not answered yet. */
  const isOurs = ([request, response]: [IncomingMessage, ServerResponse]) =>
    request.complete && !response.writableEnded;

  const close = async (): Promise<void> => {
    const began = performance.now();
    onStop();
    // What the system has connected already is accepted in the next turn of the event loop.
    await setImmediate();
    // The HTTP server's own `close` would also cut connections that are between two requests.
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(server, () => resolve());
    });
    while (open.size > 0 || performance.now() - Math.max(began, lastEnd) < QUIET_MS) {
      if (performance.now() - began > PATIENCE_MS && ![...open].some(isOurs)) break;
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
