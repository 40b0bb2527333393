import { createServer, type ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { messageOf, UserError } from "../foundation/errors.ts";
import { codeOf } from "../foundation/files.ts";
import { limitConnections } from "./connections.ts";
import { plainMessage, RETRY_AFTER } from "./refusal.ts";

export interface Listening {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /**
   * Goes on accepting connections until none has come for 0.2 s, at most for `drainMs`, answers all requests on
   * them, and resolves when all connections are closed.
   */
  stop(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Most connections at once. Default 1024. */
  readonly maxConnections?: number;
  /** How long new connections are accepted after `stop`, in milliseconds. Default 5000. */
  readonly drainMs?: number;
  /** Called when it begins to stop; from then on responses should close their connections. */
  readonly onStop?: () => void;
}

/** How long no request must have come or ended before connections are closed: a client's next one may be in transit. */
const QUIET_MS = 200;
/** How long a request may take to arrive when stopping. Computations have no limit. */
const PATIENCE_MS = 30_000;
/** How long a response may take to be fetched. */
const FETCH_MS = 60_000;
/** How long responses are held back, at most, to close the port between two requests. */
const HOLD_MS = 1000;
/** Limits of `node:http`: a request's headers, and all of it. */
const TIMES = {
  headersTimeout: 10_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
/** Most requests of one connection that have no response yet. */
const PIPELINED = 32;

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is in use",
  EACCES: "permission denied; ports below 1024 are the system's",
  EADDRNOTAVAIL: "no network interface here has this address",
  ENOTFOUND: "there is no such host",
};

/**
 * Serves a function from requests to responses over HTTP.
 * @throws UserError when it cannot listen on the port
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port, maxConnections = 1024, drainMs = 5000, onStop = () => {} }: ListenOptions,
): Promise<Listening> {
  const answer = getRequestListener(fetch, {
    // Only a request that is no HTTP comes here: a target or a host that is no URL.
    errorHandler: (error) => Response.json({ error: plainMessage(error) }, { status: 400 }),
  });
  const refuse = (response: ServerResponse, status: number, error: string) =>
    response
      .writeHead(status, {
        "Content-Type": "application/json",
        ...(status === 429 ? { "Retry-After": RETRY_AFTER } : {}),
      })
      .end(JSON.stringify({ error }));
  /** While set, requests wait for it. */
  let held: Promise<void> | undefined;
  const server = createServer(TIMES, (request, response) => {
    if (connections.openOn(request.socket) > PIPELINED)
      return refuse(response, 429, `more than ${PIPELINED} requests on a connection wait for responses`);
    // A proxy may have read the other one.
    if ((request.headersDistinct.host?.length ?? 0) > 1) return refuse(response, 400, "two Host headers");
    return held ? void held.then(() => answer(request, response)) : answer(request, response);
  });
  const connections = limitConnections(server, { most: maxConnections, fetchMs: FETCH_MS });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw new UserError(`${host}:${port}: cannot listen (${reasons[codeOf(error) ?? ""] ?? messageOf(error)})`);
  });
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;

  /**
   * Waits until nothing has come or ended for a while and nothing is in progress, or patience has ended.
   * @returns whether it is quiet
   */
  async function quiet(
    inProgress: () => boolean,
    hasPatience: (ms: number) => boolean,
    quietMs = QUIET_MS,
  ): Promise<boolean> {
    const began = performance.now();
    const isQuiet = () => !inProgress() && performance.now() - Math.max(began, connections.lastUse()) >= quietMs;
    while (!isQuiet()) {
      if (!hasPatience(performance.now() - began)) return false;
      await sleep(20);
    }
    return true;
  }

  /** Closes the port. @returns when all connections are closed */
  async function closePort(): Promise<{ closed: Promise<void> }> {
    // Connections that the system has already made are accepted in the next turn of the event loop.
    await setImmediate();
    // The HTTP server's `close` would also close connections that are between two requests.
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(server, () => resolve());
    });
    return { closed };
  }

  /**
   * Closes the port while clients still come. The system drops connections that it makes in that moment, and clients
   * make them when they have got a response. So responses are held back until no client comes, then the port is
   * closed, and then they are given.
   */
  async function closeBusyPort(): Promise<{ closed: Promise<void> }> {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    await quiet(
      () => false,
      (ms) => ms < HOLD_MS,
      QUIET_MS / 2,
    );
    const closing = await closePort();
    held = undefined;
    resolve();
    return closing;
  }

  const close = async (): Promise<void> => {
    onStop();
    const isQuiet = await quiet(connections.isComputing, (ms) => ms < drainMs);
    const { closed } = await (isQuiet ? closePort() : closeBusyPort());
    await quiet(
      () => connections.open() > 0,
      (ms) => ms < PATIENCE_MS || connections.isComputing(),
    );
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
