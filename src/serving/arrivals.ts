import { HTTPException } from "hono/http-exception";
import { ClientGone, noRoom, tooLarge } from "./refusal.ts";

export interface ArrivalOptions {
  /** Largest body, in bytes. */
  readonly maxBody: number;
  /** Most bytes of all bodies together: those that arrive and those that are not decoded yet. */
  readonly memory: number;
  /** Bytes a second that a body must arrive with, on average. */
  readonly minRate: number;
  /** How long a body may be slower, in milliseconds from its start. */
  readonly graceMs: number;
}

export interface Body {
  readonly bytes: Uint8Array;
  /** To be called when the bytes are no longer needed. */
  release(): void;
}

export interface Arrivals {
  /**
   * Reads a whole body.
   * @throws HTTPException 413 when it is too large, 408 when it is too slow, 503 when its memory is needed for others
   * @throws ClientGone when the connection breaks off
   */
  receive(request: Request): Promise<Body>;
  /** Number of bodies that are arriving. */
  count(): number;
}

interface Arrival {
  readonly since: number;
  /** What the client says its size will be; else the most that is allowed. */
  readonly expected: number;
  size: number;
  buffer: Uint8Array;
  refuse(reason: unknown): void;
}

/** How often the rates are looked at, in milliseconds. */
const LOOK_MS = 250;
const FIRST_BUFFER = 16 * 1024;

/**
 * Receives bodies, so that slow ones keep out nobody: they are limited in bytes and in time. When their memory is used
 * up, the one that has been arriving longest is refused, since an honest body is soon complete.
 */
export function arrivals({ maxBody, memory, minRate, graceMs }: ArrivalOptions): Arrivals {
  /** In the order in which they began. */
  const arriving = new Set<Arrival>();
  let held = 0;
  let timer: NodeJS.Timeout | undefined;

  function refuseSlow(): void {
    const now = performance.now();
    for (const { since, size, refuse } of arriving) {
      const seconds = (now - since) / 1000;
      if (now - since > graceMs && size < minRate * seconds)
        refuse(
          new HTTPException(408, {
            message: `the body arrives too slowly: ${size} bytes in ${seconds.toFixed(1)} s; at least ${minRate} bytes a second`,
          }),
        );
    }
  }

  function began(arrival: Arrival): void {
    arriving.add(arrival);
    timer ??= setInterval(refuseSlow, LOOK_MS).unref();
  }

  function ended(arrival: Arrival): void {
    arriving.delete(arrival);
    if (arriving.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  /** Makes room for more bytes of a body. @returns whether there is room; else it has been refused itself */
  function makeRoom(bytes: number, arrival: Arrival): boolean {
    for (const oldest of arriving) {
      if (held + bytes <= memory) break;
      oldest.refuse(noRoom("full: the memory for bodies is needed for others"));
    }
    if (!arriving.has(arrival)) return false;
    if (held + bytes <= memory) return true;
    arrival.refuse(noRoom(`full: ${held} of ${memory} bytes of bodies are waiting`));
    return false;
  }

  /** Adds a part of a body. @returns whether it was taken; else the body has been refused */
  function add(arrival: Arrival, part: Uint8Array): boolean {
    const size = arrival.size + part.length;
    if (size > maxBody) {
      arrival.refuse(tooLarge(`the body is larger than ${maxBody} bytes`));
      return false;
    }
    if (size > arrival.buffer.length) {
      // One buffer that grows: chunks of a byte each would take a hundred times as much in a list.
      const length = Math.max(size, Math.min(arrival.expected, Math.max(FIRST_BUFFER, 4 * arrival.buffer.length)));
      if (!makeRoom(length - arrival.buffer.length, arrival)) return false;
      const grown = Buffer.allocUnsafeSlow(length);
      grown.set(arrival.buffer.subarray(0, arrival.size));
      held += length - arrival.buffer.length;
      arrival.buffer = grown;
    }
    arrival.buffer.set(part, arrival.size);
    arrival.size = size;
    return true;
  }

  return {
    count: () => arriving.size,
    receive(request) {
      const declared = Number(request.headers.get("content-length") ?? 0);
      if (declared > maxBody) return Promise.reject(tooLarge(`the body is larger than ${maxBody} bytes`));
      const reader = request.body?.getReader();
      return new Promise((resolve, reject) => {
        const release = () => {
          held -= arrival.buffer.length;
          arrival.buffer = new Uint8Array(0);
        };
        const arrival: Arrival = {
          since: performance.now(),
          expected: declared > 0 ? declared : maxBody,
          size: 0,
          buffer: new Uint8Array(0),
          refuse(reason) {
            if (!arriving.has(arrival)) return;
            ended(arrival);
            release();
            reject(reason);
          },
        };
        const read = async (): Promise<void> => {
          for (;;) {
            const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
            // The rest of a refused body is left to the server, which reads a little of it before it closes.
            if (!arriving.has(arrival)) return;
            if (done) break;
            if (!add(arrival, value)) return;
          }
          ended(arrival);
          resolve({ bytes: arrival.buffer.subarray(0, arrival.size), release });
        };
        began(arrival);
        read().catch(() => arrival.refuse(new ClientGone("the connection broke off before the body was complete")));
      });
    },
  };
}
