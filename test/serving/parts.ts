import { float32 } from "../../src/array/index.ts";
import type { TensorRecord } from "../../src/data/index.ts";
import { image } from "../../src/modalities/image/index.ts";
import { text } from "../../src/modalities/text/index.ts";
import { type AppOptions, type RunBatch, type ServedKind, serverApp } from "../../src/serving/app.ts";
import { type ListenOptions, listen } from "../../src/serving/listen.ts";

/** Returns the first number of each sample's only tensor, and its negative. */
export const echo: RunBatch = async (rows) =>
  rows.map((row) => {
    const [value = 0] = Object.values(row)[0]!.data;
    return Float32Array.of(value, -value);
  });

/** Texts that are numbers. */
export const numbers = {
  modality: {
    tensors: (sample: unknown): TensorRecord => {
      if (typeof sample !== "object" || sample === null || !("text" in sample)) throw new Error("not a text");
      return { value: float32(Float32Array.of(Number(sample.text)), [1]) };
    },
  },
  definition: text,
};

/** Images, whose first value is the amount of red. */
export const images = {
  modality: image.build(image.options.parse({ imageSize: 4, mean: [0, 0, 0], std: [1, 1, 1] })),
  definition: image,
};

/** An app with a fake model of one kind of data. */
export const fakeApp = ({ reader = numbers, embed = echo, ...options }: Partial<AppOptions & ServedKind> = {}) =>
  serverApp({
    kinds: [{ reader, embed }],
    predictor: "this run has no head",
    about: { method: "simclr" },
    maxBody: 10_000,
    bodyMemory: 100_000,
    queue: 8,
    batch: 4,
    waitMs: 0,
    ...options,
  });

/** The fake app on a real socket. */
export async function started(options: Partial<AppOptions & ServedKind> = {}, listening: Partial<ListenOptions> = {}) {
  let stopping = false;
  const app = fakeApp({ ...options, stopping: () => stopping });
  const server = await listen((incoming) => app.fetch(incoming), {
    host: "127.0.0.1",
    port: 0,
    ...listening,
    onStop: () => {
      stopping = true;
    },
  });
  const metrics = async () => (await app.request("/metrics")).text();
  return {
    ...server,
    app,
    port: Number(new URL(server.url).port),
    metrics,
    samples: () => counted("samples_in_progress"),
    /** Number of bodies that are arriving. */
    arriving: () => counted("bodies_arriving"),
  };
  async function counted(name: string): Promise<number> {
    return Number(new RegExp(`^autodidact_${name} (\\d+)$`, "m").exec(await metrics())?.[1]);
  }
}

export const json = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

/** A function from batches to vectors that computes nothing until it is opened. */
export function gated() {
  const gates: (() => void)[] = [];
  let isOpen = false;
  const run: RunBatch = async (rows) => {
    if (!isOpen) await new Promise<void>((resolve) => gates.push(resolve));
    return echo(rows);
  };
  return {
    run,
    /** Number of waiting batches. */
    waiting: () => gates.length,
    open() {
      isOpen = true;
      for (const gate of gates.splice(0)) gate();
    },
  };
}
