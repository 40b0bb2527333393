import { type Context, Hono, type Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import type { TensorRecord } from "../data/index.ts";
import type { Predictor } from "../evaluation/labels/predictor.ts";
import { type Prediction, prediction } from "../evaluation/scores/predictions.ts";
import type { NeighbourIndex } from "../evaluation/vectors/neighbour-index.ts";
import { batcher } from "./batcher.ts";
import { type Metrics, serverMetrics } from "./metrics.ts";
import { type Reader, sourcesOf, tensorsOf } from "./samples.ts";

/** Computes a vector for each row; at most `batch` rows at a time. */
export type RunBatch = (rows: readonly TensorRecord[]) => Promise<readonly Float32Array[]>;

export interface AppOptions {
  readonly reader: Reader;
  readonly embed: RunBatch;
  /** The head; if there is none, the reason. */
  readonly predictor: { readonly head: Pick<Predictor, "task" | "outputs">; readonly run: RunBatch } | string;
  /** Embeddings to search. */
  readonly index?: Pick<NeighbourIndex, "nearest">;
  /** What `/health` reports about the model. */
  readonly about: Readonly<Record<string, unknown>>;
  /** Largest body, in bytes. */
  readonly maxBody: number;
  /** Most samples in progress: accepted and not answered yet. */
  readonly queue: number;
  readonly batch: number;
  readonly waitMs: number;
  /** Whether the server is stopping; responses then close their connections. */
  readonly stopping?: () => boolean;
  readonly metrics?: (samples: () => number) => Metrics;
  /** Receives internal errors, whose details clients do not see. */
  readonly onError?: (error: unknown) => void;
}

/** Seconds after which a refused client may try again. */
const RETRY_AFTER = "1";

const allowed: Readonly<Record<string, "GET" | "POST">> = {
  "/embed": "POST",
  "/predict": "POST",
  "/search": "POST",
  "/health": "GET",
  "/metrics": "GET",
};

/** The server's routes, over loaded models. Refused requests get JSON: `{ "error": "…" }`. */
export function serverApp(options: AppOptions): Hono {
  const { reader, predictor, index, queue, batch, waitMs, maxBody, stopping = () => false } = options;
  let samples = 0;
  const metrics = (options.metrics ?? serverMetrics)(() => samples);
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
  const embed = batches("embed", options.embed);
  const predict = typeof predictor === "string" ? undefined : batches("predict", predictor.run);

  /** Reserves places for `count` samples. @throws HTTPException 503 when the queue is full */
  function take(count: number): void {
    if (samples + count > queue)
      throw new HTTPException(503, {
        message: `full: ${samples} of ${queue} samples are waiting; try again in ${RETRY_AFTER} s`,
      });
    samples += count;
  }

  /**
   * Holds a place for a request, from before its body is read, so that a full server reads none, until its response.
   */
  async function admit(_: Context, next: Next): Promise<void> {
    take(1);
    try {
      await next();
    } finally {
      samples -= 1;
    }
  }

  /** Reads the body's samples and passes them on; those beyond the first need places too. */
  async function withSamples(c: Context, use: (rows: TensorRecord[]) => Promise<Response>): Promise<Response> {
    const sources = await sourcesOf(c.req.raw, reader);
    const more = sources.length - 1;
    if (more >= queue)
      throw new HTTPException(413, { message: `${sources.length} samples in a request; at most ${queue}` });
    take(more);
    try {
      return await use(await tensorsOf(sources, reader));
    } finally {
      samples -= more;
    }
  }

  const app = new Hono();
  app.use(async (c: Context, next: Next) => {
    const started = performance.now();
    await next();
    if (stopping()) c.header("Connection", "close");
    const route = c.req.path in allowed ? c.req.path : "other";
    metrics.request(route, c.res.status, (performance.now() - started) / 1000);
  });
  const limit = bodyLimit({
    maxSize: maxBody,
    onError: () => {
      throw new HTTPException(413, { message: `the body is larger than ${maxBody} bytes` });
    },
  });

  app.post("/embed", admit, limit, (c) =>
    withSamples(c, async (rows) => {
      const vectors = await embed.submit(rows);
      return c.json({ dim: vectors[0]!.length, embeddings: vectors.map((vector) => [...vector]) });
    }),
  );
  app.post("/predict", admit, limit, async (c) => {
    if (typeof predictor === "string" || !predict) throw new HTTPException(404, { message: String(predictor) });
    const { task, outputs } = predictor.head;
    const top = countOf(c, "top", 1);
    return withSamples(c, async (rows) => {
      const predictions = (await predict.submit(rows)).map(
        (row): Prediction => prediction({ task, outputs }, row, top),
      );
      return c.json({ task, predictions });
    });
  });
  app.post("/search", admit, limit, async (c) => {
    if (!index)
      throw new HTTPException(404, { message: "nothing to search: start the server with --in embeddings.parquet" });
    const top = countOf(c, "top", 10);
    return withSamples(c, async (rows) => {
      const vectors = await embed.submit(rows);
      return c.json({ neighbours: vectors.map((vector) => index.nearest(vector, top)) });
    });
  });
  app.get("/health", (c) =>
    stopping() ? c.json({ status: "stopping" }, 503) : c.json({ status: "ok", ...options.about, samples, queue }),
  );
  app.get("/metrics", async (c) =>
    c.body(await metrics.registry.metrics(), 200, { "Content-Type": metrics.registry.contentType }),
  );
  app.notFound((c) => {
    const method = allowed[c.req.path];
    if (method) return c.json({ error: `${c.req.path} takes ${method}, not ${c.req.method}` }, 405, { Allow: method });
    return c.json({ error: `no route ${c.req.path}; there are: ${Object.keys(allowed).join(", ")}` }, 404);
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException) {
      if (error.status === 503) c.header("Retry-After", RETRY_AFTER);
      return c.json({ error: error.message }, error.status);
    }
    options.onError?.(error);
    return c.json({ error: "internal error; see the server's log" }, 500);
  });
  return app;
}

/** A count from the URL's query. @throws HTTPException 422 when it is not a whole number of at least 1 */
function countOf(c: Context, name: string, defaultCount: number): number {
  const text = c.req.query(name);
  if (text === undefined) return defaultCount;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new HTTPException(422, { message: `${name}=${text}: must be a whole number of at least 1` });
  return Number(text);
}
