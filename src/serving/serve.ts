import { basename } from "node:path";
import { collectDefaultMetrics, Registry } from "prom-client";
import { allocate, sizeOf } from "../array/index.ts";
import { type Modality, offerOf, sides as sidesAbility, type TensorRecord } from "../data/index.ts";
import { indexOfSide } from "../evaluation/collection/searched.ts";
import { type Predictor, predictor } from "../evaluation/labels/predictor.ts";
import { type NeighbourIndex, neighbourIndex } from "../evaluation/vectors/neighbour-index.ts";
import { UserError } from "../foundation/errors.ts";
import { allowedForDecoding, memoryBudget } from "../foundation/memory.ts";
import { batchFor, embedder } from "../training/features.ts";
import type { Run } from "../training/run/run.ts";
import { sharedSides } from "../training/run/shared-space.ts";
import { type ServedKind, serverApp } from "./app.ts";
import { listen } from "./listen.ts";
import { serverMetrics } from "./metrics.ts";
import { batchSizes, sized } from "./sized.ts";
import { strangers } from "./strangers.ts";

/** Memory for decoding what strangers send, all requests together, unless the user allows another amount. */
const DECODING_BYTES = 64 * 2 ** 20;

export interface ServeOptions {
  readonly run: Run;
  /** 0 for any free port. Default 8080. */
  readonly port?: number;
  /** Default 127.0.0.1, this machine only. There is no authentication. */
  readonly host?: string;
  /** Parquet file of `embed`, for `/search`. */
  readonly in?: string;
  /** Largest body in bytes. Default 10 MiB. */
  readonly maxBody?: number;
  /** Most bytes of bodies that arrive or are not decoded yet. Default 256 MiB. */
  readonly bodyMemory?: number;
  /** Most connections; further ones take the place of those that do nothing. Default 1024. */
  readonly maxConnections?: number;
  /** How long new connections are accepted when stopping, in milliseconds. Default 5000. */
  readonly drainMs?: number;
  /** Names of this server besides its address: a proxy's, a machine's in its network. Others are refused with 403. */
  readonly allowHosts?: readonly string[];
  /** Origins of pages elsewhere that may use this server, `https://app.example.org`. Others are refused with 403. */
  readonly allowOrigins?: readonly string[];
  /** Most samples accepted and not answered yet; more are refused with 503. Default 256. */
  readonly queue?: number;
  /** Most samples in a batch. Default 32. */
  readonly batch?: number;
  /** How long the first sample of a batch waits for others, in milliseconds. Default 2. */
  readonly waitMs?: number;
  /** Threads within an operator; all cores by default. */
  readonly threads?: number;
  /** Receives internal errors, and their messages fit for a log; the client gets status 500. */
  readonly onError?: (error: unknown, message: string) => void;
}

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Routes for samples: `/embed`, and `/predict` and `/search` if available. */
  readonly routes: readonly string[];
  /** Answers what still comes until nothing has come for 0.2 s, at most for `drainMs`, then frees the models. */
  stop(): Promise<void>;
}

/** One sample of zeros. */
const zerosOf = ({ specs }: Pick<Modality, "specs">): TensorRecord =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => [
      name,
      { dtype, shape, data: allocate(dtype, sizeOf(shape)) },
    ]),
  );

/** Vectors to search: of pairs, those of one side. @throws UserError when they are of another encoder */
const indexFor = (run: Run, file: string, isOfPairs: boolean): Promise<NeighbourIndex> =>
  isOfPairs ? indexOfSide(run, file) : neighbourIndex(file, { dim: run.encoder.embedDim, params: run.params });

/**
 * Serves a run over HTTP: `/embed`, `/predict`, `/search`, `/health`, `/metrics`. To a run on pairs samples of either side can
 * be sent: what is searched are the vectors of one. When it resolves, all programs are compiled and have run once.
 * @throws UserError when the run's kind of data cannot be sent in a request, the embeddings to search are of another
 *   encoder, or the port is taken
 *
 * @example
 * const run = await openRun("runs/tuned");
 * const server = await serve({ run, port: 8080, in: "photos.parquet" });
 * console.log(server.url, server.routes);
 * await server.stop();
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { run, port = 8080, host = "127.0.0.1", maxBody = 10 * 2 ** 20, queue = 256, waitMs = 2 } = options;
  const { encoder, modality, modalityDefinition: definition, config } = run;
  const isOfPairs = offerOf(modality, sidesAbility) !== undefined;
  // Of pairs either side can be sent, and both are in one space.
  const served = isOfPairs ? [...(await sharedSides(run)).values()] : [run];
  // Of large samples fewer, since each batch size is tried at the start.
  const sizes = served.map((one) => batchFor(one.modality, one.encoder));
  const batch = Math.min(options.batch ?? 32, ...sizes);
  const { device } = config.training;
  const { bodyMemory = Math.max(256 * 2 ** 20, maxBody), maxConnections, drainMs } = options;
  if (bodyMemory < maxBody)
    throw new UserError(`memory for bodies of ${bodyMemory} bytes: a body may have ${maxBody}, which would not fit`);
  const doors = strangers({ host, allowHosts: options.allowHosts, allowOrigins: options.allowOrigins });
  const { threads, onError } = options;
  const computing = { device, threads, spin: false };
  if (!served.some(({ modalityDefinition: { accepts } }) => accepts.text || accepts.bytes))
    throw new UserError(`${run.path}: ${definition.name} data cannot be sent in a request`);
  const index = options.in === undefined ? undefined : await indexFor(run, options.in, isOfPairs);
  const disposals: (() => Promise<void>)[] = [];
  const free = async () => {
    for (const dispose of disposals.splice(0)) await dispose();
  };
  try {
    const memory = memoryBudget(allowedForDecoding() ?? DECODING_BYTES);
    const kinds: ServedKind[] = [];
    for (const one of served) {
      const embedding = await sized(batch, zerosOf(one.modality), async (batchSize) => {
        const { embed, dispose } = await embedder(one.encoder, one.params, one.modality, { ...computing, batchSize });
        return { run: (rows) => embed(rows), dispose };
      });
      disposals.push(embedding.dispose);
      kinds.push({
        reader: { modality: one.modality, definition: one.modalityDefinition, memory },
        embed: embedding.run,
      });
    }
    const heads: Predictor[] = [];
    const predicting = await sized(batch, zerosOf(modality), async (batchSize) => {
      if (isOfPairs) throw new UserError(`${definition.name} data cannot be sent in a request, only one side of them`);
      const head = await predictor(run, { ...computing, batchSize });
      heads.push(head);
      return { run: head.predict, dispose: head.dispose };
    }).catch((error: unknown) => {
      // A run without a head can still embed and search.
      if (error instanceof UserError && heads.length === 0) return error.message;
      throw error;
    });
    if (typeof predicting !== "string") disposals.push(predicting.dispose);
    const [head] = heads;
    let stopping = false;
    const app = serverApp({
      kinds,
      predictor: typeof predicting === "string" || !head ? String(predicting) : { head, run: predicting.run },
      index,
      about: {
        run: basename(run.path),
        modality: modality.name,
        method: config.method.name,
        encoder: encoder.name,
        step: run.step,
        dim: served[0]?.encoder.embedDim ?? encoder.embedDim,
        ...(isOfPairs ? { sides: served.map((one) => one.modality.name) } : {}),
        ...(head ? { task: head.task, outputs: head.outputs } : {}),
        ...(index ? { searched: index.rows } : {}),
        batchSizes: batchSizes(batch),
      },
      maxBody,
      bodyMemory,
      strangers: doors,
      queue,
      batch,
      waitMs,
      stopping: () => stopping,
      metrics(counts) {
        const registry = new Registry();
        collectDefaultMetrics({ register: registry });
        return serverMetrics(counts, registry);
      },
      onError,
    });
    const { url, stop } = await listen((request) => app.fetch(request), {
      host,
      port,
      maxConnections,
      drainMs,
      onStop: () => {
        stopping = true;
      },
    });
    return {
      url,
      routes: ["/embed", ...(head ? ["/predict"] : []), ...(index ? ["/search"] : [])],
      stop: async () => {
        await stop();
        await free();
      },
    };
  } catch (error) {
    await free();
    throw error;
  }
}
