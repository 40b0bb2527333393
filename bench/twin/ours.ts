import { rm } from "node:fs/promises";
import { createLoader } from "../../src/training/data/loader.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { openRun } from "../../src/training/run/run.ts";
import { median } from "../median.ts";
import { choicesOf, cpuMs, folderOf, settled, type Trained, UNTIMED, vectorsOf, type Wish } from "./shared.ts";

/** Trains with Autodidact on one thread, and embeds the labelled images. */
export async function ours(wish: Wish): Promise<Trained> {
  const { steps } = wish;
  const out = folderOf(wish, "ours");
  await rm(out, { recursive: true, force: true });
  const stop = new AbortController();
  const marks: number[] = [];
  await pretrain({
    ...(await choicesOf(wish)),
    ...{ out, signal: stop.signal },
    onProgress({ step }) {
      marks.push(cpuMs());
      if (step === steps) stop.abort();
    },
  });
  const run = await openRun(out);
  const losses = (await run.metrics()).map(({ loss }) => loss);
  const vectors = wish.embeds === false ? undefined : await vectorsOf(run.encoder, run.params, run.modality);
  await rm(out, { recursive: true, force: true });
  const viewMs = await viewTime(wish);
  const between = marks.slice(1).map((mark, at) => mark - marks[at]!);
  return { losses, stepMs: median(between.slice(UNTIMED)) - viewMs, viewMs, vectors };
}

const BATCHES = 30;

/** CPU milliseconds of making a batch, in this thread as the training did. */
async function viewTime(wish: Wish): Promise<number> {
  const { source, plan } = await settled(wish);
  const loader = createLoader(plan.task, 0);
  const times: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const from = cpuMs();
    await loader.next();
    times.push(cpuMs() - from);
  }
  await loader.close();
  await source.close();
  return median(times.slice(UNTIMED));
}
