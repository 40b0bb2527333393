import { type Source, tableOptionsOf } from "../../data/index.ts";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { collect, type Embedder, embedder } from "../features.ts";
import type { Moment, Probe, Scores } from "../loop/options.ts";
import type { RunConfig } from "../run/config.ts";
import { entriesOf, openData } from "../run/open-data.ts";
import { buildParts } from "../run/run.ts";
import { evaluatedWeights } from "../run/weights.ts";
import { scoresOf } from "./scores.ts";
import { FEWEST, MOST, type Slice, sliceOf } from "./slice.ts";

/** Largest share of the time that probes take where nobody asked for them. */
const SHARE = 0.05;
/** Seconds that the first probe takes to compile. */
const COMPILING = 2;

/** The labelled entries, opened. */
interface Opened {
  readonly source: Source<unknown>;
  readonly slice: Slice;
}

/**
 * Makes what scores the weights while they are trained. The labels are looked at, and nothing of it comes back to the training:
 * its weights are the same bits with and without.
 * @param source the training data as they were opened; their labelled entries are probed unless the configuration names others
 * @param onNote receives what is probed, and why a probe failed
 * @returns undefined where there is nothing to probe; else a probe to be closed
 * @throws UserError when the user asked for probes, and there are no or too few labels
 */
export async function openProbe(
  config: RunConfig,
  source: Source<unknown>,
  onNote: (note: string) => void = () => undefined,
): Promise<(Probe & AsyncDisposable) | undefined> {
  const { data, training } = config;
  if (config.probe === "off") return undefined;
  const { probe } = config;
  if (probe === undefined && !source.labels) return undefined;
  const { modalityDefinition, modalityOptions, modality, encoder, methodDefinition } = await buildParts(config);
  const reader = { modalityDefinition, modalityOptions };
  const path = probe?.data ?? data.path;
  const columns = tableOptionsOf(data);

  async function open(): Promise<Opened> {
    const opened =
      probe?.data === undefined
        ? await entriesOf(reader, path, source, { ...columns, labels: data.labels })
        : await openData(reader, path, { ...columns, labels: probe.labels });
    const slice = await sliceOf(modalityDefinition, opened);
    if (slice.held.length > 0 && (probe || slice.held.length >= FEWEST)) {
      onNote(noteOf(slice, probe?.data));
      return { source: opened, slice };
    }
    if (opened !== source && probe?.data !== undefined) await opened.close();
    throw new UserError(
      `${path}: ${slice.labelled === 0 ? "no labels" : `${slice.labelled} labelled entries are too few`} for --probe; name labelled data with --probe-data, or leave it out`,
    );
  }

  let opened = probe && (await open());
  let compiled: Embedder | undefined;
  let isOver = false;
  let [spent, latest] = [0, 0];

  /** Whether probes take a small share of the time, this one included. */
  const isCheap = ({ seconds, samples }: Moment): boolean => {
    const labelled = source.labels?.length ?? 0;
    const expected = latest || (Math.min(MOST, labelled) * seconds) / samples + COMPILING;
    return spent + expected <= SHARE * seconds;
  };

  async function scoreOf(state: Parameters<Probe["score"]>[0]): Promise<Scores> {
    opened ??= await open();
    const { slice } = opened;
    const weights = evaluatedWeights(methodDefinition, state).encoder;
    const { device, threads } = training;
    compiled ??= await embedder(encoder, weights, modality, { device, threads });
    const { embed, dim } = compiled;
    const indices = Int32Array.from([...slice.bank, ...slice.held]).sort();
    const features = await collect({ modality, source: opened.source, indices }, dim, (rows) => embed(rows, weights));
    return scoresOf(features, slice.answers, new Set(slice.held));
  }

  return {
    isDue(at) {
      if (isOver) return false;
      const isLast = at.step === at.steps;
      if (probe?.steps !== undefined) return isLast || at.step % probe.steps === 0;
      if (at.step % at.perEpoch !== 0) return false;
      if (probe?.epochs !== undefined) return isLast || (at.step / at.perEpoch) % probe.epochs === 0;
      return isCheap(at);
    },
    async score(state) {
      const began = performance.now();
      try {
        return await scoreOf(state);
      } catch (error) {
        // What is only looked at must not end what is learned.
        isOver = true;
        if (probe) onNote(`no more probes: ${messageOf(error)}`);
        return undefined;
      } finally {
        latest = (performance.now() - began) / 1000;
        spent += latest;
      }
    },
    async [Symbol.asyncDispose]() {
      await compiled?.dispose();
      if (probe?.data !== undefined) await opened?.source.close();
    },
  };
}

function noteOf({ bank, held, answers }: Slice, data: string | undefined): string {
  const count = (entries: Int32Array) => entries.length.toLocaleString("en");
  const how = answers.task === "classification" ? "kNN and a linear probe predict" : "a linear probe predicts";
  const trained =
    data === undefined
      ? "the entries are trained on without them (--probe-data names others)"
      : `${data} is not trained on`;
  return `probe: ${how} ${count(held)} held-out entries from ${count(bank)} others; their labels are looked at, never learned from, and ${trained}`;
}
