import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { RETRY_AFTER } from "./refusal.ts";

export interface ConnectionOptions {
  /** Most connections at once. */
  readonly most: number;
  /** How long a response may take to be fetched, in milliseconds. */
  readonly fetchMs: number;
}

export interface Connections {
  /** Number of requests without a complete response. */
  open(): number;
  /** Whether a request has been received completely and has no response yet. */
  isComputing(): boolean;
  /** When a connection, a request or a response last began or ended, in milliseconds of `performance.now()`. */
  lastUse(): number;
  /** Number of requests of the connection that have no complete response yet. */
  openOn(socket: Socket): number;
}

interface Connection {
  readonly requests: Map<IncomingMessage, Exchange>;
  /** When it was made, its first open request began, or its last response ended. */
  since: number;
}

interface Exchange {
  readonly response: ServerResponse;
  /** When the response was complete, but not fetched. */
  ended?: number;
}

const LOOK_MS = 1000;

/** What a client reads for which there is no connection left. */
const REFUSAL = JSON.stringify({ error: "full: too many connections" });
const RAW_REFUSAL = `HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: ${RETRY_AFTER}\r\nContent-Type: application/json\r\nContent-Length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`;

const isComputed = ([request, { response }]: [IncomingMessage, Exchange]) =>
  request.complete && !response.writableEnded;

/**
 * Limits a server's connections. When there are too many, the one is closed that has done nothing longest, or whose
 * request has been arriving or response has been fetched longest: connections that are held and not used keep out
 * nobody. If all wait for their results, the new one is refused with status 503.
 */
export function limitConnections(server: Server, { most, fetchMs }: ConnectionOptions): Connections {
  const connections = new Map<Socket, Connection>();
  let lastUse = 0;
  const open = () => [...connections.values()].flatMap(({ requests }) => [...requests]);

  /** The connection to close when there are too many. */
  function leastUsed(except: Socket): Socket | undefined {
    let [found, foundSince]: [Socket | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const [socket, { requests, since }] of connections)
      if (since < foundSince && socket !== except && ![...requests].some(isComputed))
        [found, foundSince] = [socket, since];
    return found;
  }

  server.on("connection", (socket) => {
    lastUse = performance.now();
    connections.set(socket, { requests: new Map(), since: lastUse });
    socket.once("close", () => connections.delete(socket));
    if (connections.size <= most) return;
    const victim = leastUsed(socket);
    connections.delete(victim ?? socket);
    if (victim) victim.destroy();
    else socket.end(RAW_REFUSAL, () => socket.destroy());
  });

  server.prependListener("request", (request, response) => {
    lastUse = performance.now();
    const connection = connections.get(request.socket);
    if (!connection) return;
    if (connection.requests.size === 0) connection.since = lastUse;
    const exchange: Exchange = { response };
    connection.requests.set(request, exchange);
    response.once("close", () => {
      lastUse = performance.now();
      connection.since = lastUse;
      connection.requests.delete(request);
    });
  });

  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, { requests }] of connections)
      for (const exchange of requests.values()) {
        if (!exchange.response.writableEnded) continue;
        exchange.ended ??= now;
        if (now - exchange.ended > fetchMs) socket.destroy();
      }
  }, LOOK_MS).unref();
  server.once("close", () => clearInterval(timer));

  return {
    open: () => open().length,
    isComputing: () => open().some(isComputed),
    lastUse: () => lastUse,
    openOn: (socket) => connections.get(socket)?.requests.size ?? 0,
  };
}
