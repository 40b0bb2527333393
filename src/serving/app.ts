import { setImmediate } from "node:timers/promises";
import { type Context, Hono, type Next } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import type { TensorRecord } from "../data/index.ts";
import type { Predictor } from "../evaluation/labels/predictor.ts";
import { type Prediction, prediction } from "../evaluation/scores/predictions.ts";
import type { NeighbourIndex } from "../evaluation/vectors/neighbour-index.ts";
import { arrivals } from "./arrivals.ts";
import { type Batcher, batcher } from "./batcher.ts";
import { type Counts, type Metrics, serverMetrics } from "./metrics.ts";
import { ClientGone, noRoom, plainMessage, RETRY_AFTER, tooLarge, unreadable } from "./refusal.ts";
import { givenIn, kindOf, type Reader, tensorsOf } from "./samples.ts";
import type { Strangers } from "./strangers.ts";
import { turns } from "./turns.ts";

/** Computes a vector for each row; at most `batch` rows at a time. */
export type RunBatch = (rows: readonly TensorRecord[]) => Promise<readonly Float32Array[]>;

/** Samples of one kind of data, and what embeds them. */
export interface ServedKind {
  readonly reader: Reader;
  readonly embed: RunBatch;
}

export interface AppOptions {
  /** The kinds of samples that requests may hold, each with vectors of the same space: one, or both sides of pairs. */
  readonly kinds: readonly ServedKind[];
  /** The head; if there is none, the reason. */
  readonly predictor: { readonly head: Pick<Predictor, "task" | "outputs">; readonly run: RunBatch } | string;
  /** Embeddings to search. */
  readonly index?: Pick<NeighbourIndex, "nearest">;
  /** What `/health` reports about the model. */
  readonly about: Readonly<Record<string, unknown>>;
  /** Largest body, in bytes. */
  readonly maxBody: number;
  /** Most bytes of bodies that arrive or are not decoded yet. */
  readonly bodyMemory: number;
  /** Bytes a second that a body must arrive with, on average. Default 1024. */
  readonly minRate?: number;
  /** How long a body may be slower, in milliseconds. Default 5000. */
  readonly graceMs?: number;
  /** Most samples in progress: accepted and not answered yet. */
  readonly queue: number;
  readonly batch: number;
  readonly waitMs: number;
  /** Whether the server is stopping; responses then close their connections. */
  readonly stopping?: () => boolean;
  readonly metrics?: (counts: Counts) => Metrics;
  /** Which hosts and origins are refused; none by default. */
  readonly strangers?: Strangers;
  /** Receives internal errors, whose details clients do not see, and their messages fit for a log. */
  readonly onError?: (error: unknown, message: string) => void;
}

/** Most rows that `/search` finds for a sample, and for all of a request's. */
const [MAX_TOP, MAX_FOUND] = [1000, 10_000];
/** Samples decoded at once: as many as there are threads for it. */
const DECODED_AT_ONCE = 4;
/** Not a status that is sent: the client is no longer there. nginx calls it so. */
const GONE = 499;

/** What each request carries from one handler to the next. */
interface Variables {
  /** Whether the request's body has been read to its end. */
  isRead?: boolean;
}
type Served = Context<{ Variables: Variables }>;

const allowed: Readonly<Record<string, "GET" | "POST">> = {
  "/embed": "POST",
  "/predict": "POST",
  "/search": "POST",
  "/health": "GET",
  "/metrics": "GET",
};

/** The server's routes, over loaded models. Refused requests get JSON: `{ "error": "…" }`. */
export function serverApp(options: AppOptions) {
  const { kinds, predictor, index, queue, batch, waitMs, maxBody, bodyMemory, strangers } = options;
  const { minRate = 1024, graceMs = 5000, stopping = () => false } = options;
  let samples = 0;
  const bodies = arrivals({ maxBody, memory: bodyMemory, minRate, graceMs });
  const inTurn = turns(DECODED_AT_ONCE);
  const metrics = (options.metrics ?? serverMetrics)({ samples: () => samples, arriving: bodies.count });
  const batches = (name: string, runBatch: RunBatch) =>
    batcher<TensorRecord, Float32Array>({
      async run(rows) {
        const started = performance.now();
        const results = await runBatch(rows);
        metrics.batch(name, rows.length, (performance.now() - started) / 1000);
        return results;
      },
      size: batch,
      waitMs,
    });
  const embedders = kinds.map(({ embed }) => batches("embed", embed));
  const predict = typeof predictor === "string" ? undefined : batches("predict", predictor.run);

  const full = () => noRoom(`full: ${samples} of ${queue} samples are waiting`);

  /** Reserves places for `count` samples. @throws HTTPException 503 when the queue is full */
  function take(count: number): void {
    if (samples + count > queue) throw full();
    samples += count;
  }

  /**
   * The tensors of a body's samples. A place in the queue is taken when the body is complete, so that a slow one keeps
   * none; a full server does not read bodies.
   * @param most most samples
   * @returns what `use` returns; the places are held until then
   */
  async function withSamples(
    c: Served,
    use: (rows: TensorRecord[], signal: AbortSignal, embed: Batcher<TensorRecord, Float32Array>) => Promise<Response>,
    most = queue,
  ): Promise<Response> {
    const gone = new AbortController();
    const { signal } = gone;
    if (samples >= queue) throw full();
    const body = await bodies.receive(c.req.raw);
    c.set("isRead", true);
    const hangUp = () => gone.abort(new ClientGone("the client closed the connection"));
    if (c.req.raw.signal.aborted) hangUp();
    c.req.raw.signal.addEventListener("abort", hangUp, { once: true });
    let places = 0;
    try {
      signal.throwIfAborted();
      take(1);
      places = 1;
      const sent = { contentType: c.req.header("content-type") ?? "", body: body.bytes, most: queue };
      const kind = kindOf(
        sent.contentType,
        kinds.map(({ reader }) => reader),
      );
      const { reader } = kinds[kind]!;
      const given = givenIn(sent, reader);
      if (given.length > most) throw tooLarge(`${given.length} samples with so many neighbours; at most ${most}`);
      take(given.length - 1);
      places = given.length;
      const rows = await tensorsOf(given, reader, async (bytes, work) =>
        inTurn(bytes, () => {
          signal.throwIfAborted();
          return work();
        }),
      );
      body.release();
      return await use(rows, signal, embedders[kind]!);
    } finally {
      body.release();
      samples -= places;
    }
  }

  const app = new Hono<{ Variables: Variables }>();
  app.use(async (c: Served, next: Next) => {
    const started = performance.now();
    await next();
    const route = c.req.path in allowed ? c.req.path : "other";
    if (c.res.status === GONE) return metrics.gone(route);
    // A connection that is closed before a body is read could lose the response.
    if (stopping() && (c.var.isRead ?? c.req.raw.body === null)) c.header("Connection", "close");
    metrics.request(route, c.res.status, (performance.now() - started) / 1000);
  });
  if (strangers) {
    app.use(async (c, next) => {
      const reason = strangers.refuses(c.req.raw);
      if (reason !== undefined) throw new HTTPException(403, { message: reason });
      await next();
    });
    if (strangers.origins.length > 0)
      app.use(cors({ origin: [...strangers.origins], allowMethods: ["GET", "POST"], allowHeaders: ["Content-Type"] }));
  }

  app.post("/embed", (c) =>
    withSamples(c, async (rows, signal, embed) => {
      const vectors = await embed.submit(rows, signal);
      return c.json({ dim: vectors[0]!.length, embeddings: vectors.map((vector) => [...vector]) });
    }),
  );
  app.post("/predict", async (c) => {
    if (typeof predictor === "string" || !predict) throw new HTTPException(404, { message: String(predictor) });
    const { task, outputs } = predictor.head;
    const top = countOf(c, "top", 1);
    return withSamples(c, async (rows, signal) => {
      const predictions = (await predict.submit(rows, signal)).map(
        (row): Prediction => prediction({ task, outputs }, row, top),
      );
      return c.json({ task, predictions });
    });
  });
  app.post("/search", async (c) => {
    if (!index)
      throw new HTTPException(404, { message: "nothing to search: start the server with --in embeddings.parquet" });
    const top = countOf(c, "top", 10);
    return withSamples(
      c,
      async (rows, signal, embed) => {
        const neighbours = [];
        for (const vector of await embed.submit(rows, signal)) {
          neighbours.push(index.nearest(vector, top));
          await setImmediate();
        }
        return c.json({ neighbours });
      },
      Math.floor(MAX_FOUND / top),
    );
  });
  app.get("/health", (c) =>
    stopping() ? c.json({ status: "stopping" }, 503) : c.json({ status: "ok", ...options.about, samples, queue }),
  );
  app.get("/metrics", async (c) =>
    c.body(await metrics.registry.metrics(), 200, { "Content-Type": metrics.registry.contentType }),
  );
  app.notFound((c) => {
    const method = allowed[c.req.path];
    if (method)
      return c.json({ error: `${c.req.path} takes ${method}, not ${plainMessage(c.req.method)}` }, 405, {
        Allow: method,
      });
    const routes = Object.keys(allowed).join(", ");
    return c.json({ error: `no route ${plainMessage(c.req.path)}; there are: ${routes}` }, 404);
  });
  app.onError((error, c) => {
    if (error instanceof ClientGone) return new Response(null, { status: GONE });
    if (error instanceof HTTPException) {
      if (error.status === 503) c.header("Retry-After", RETRY_AFTER);
      return c.json({ error: plainMessage(error) }, error.status);
    }
    options.onError?.(error, plainMessage(error));
    return c.json({ error: "internal error; see the server's log" }, 500);
  });
  return app;
}

/** A count from the URL's query. @throws HTTPException 422 when it is not a whole number from 1 to `MAX_TOP` */
function countOf(c: Served, name: string, defaultCount: number): number {
  const text = c.req.query(name);
  if (text === undefined) return defaultCount;
  if (/^[1-9]\d{0,8}$/.test(text) && Number(text) <= MAX_TOP) return Number(text);
  throw unreadable(`${name}=${text}: must be a whole number from 1 to ${MAX_TOP}`);
}
