import type { Source } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";
import { prepareOutput, writeOutput } from "../../foundation/outputs.ts";
import { everyEntry } from "../../training/features.ts";
import type { Direction, PairEvaluation, PairEvaluationOptions, RetrievalScore } from "./pair-evaluation.ts";
import { openParted, pairsToFit } from "./parts-of-pairs.ts";
import { type Contestant, contestantsOf, sideEmbedders } from "./placers.ts";
import { chanceOfRanked, meanRecall, type RankedQuery, type Recall, rank, recallOfRanked } from "./ranked.ts";
import { retrievalPage } from "./retrieval-page.ts";
import { type PlacedPairs, placeSides, sidesOfPairs } from "./side-vectors.ts";

/**
 * Evaluates a run on pairs by retrieval: of how many samples of one side those of the other that belong to them are among the
 * nearest 1, 5 or 10 by cosine, both ways; where several pairs show the same (a key of the data), also from one side to itself.
 * Compared with chance, the same encoder untrained, and a baseline without an encoder, fitted to the training part. Every
 * candidate of the query's key is a hit. Equal similarities count as the mean over all orders.
 * @throws UserError when the run is not on pairs, or the data have no such part or column
 *
 * @example
 * const run = await openRun("runs/clip");
 * const evaluation = await evaluatePairs({ run, data: "pairs.csv", split: "test" });
 * console.log(pairEvaluationTable(evaluation));
 */
export async function evaluatePairs(options: PairEvaluationOptions): Promise<PairEvaluation> {
  const start = performance.now();
  const { run, data, within, html, onProgress } = options;
  if (html) await prepareOutput(html);
  const embedders = await sideEmbedders(run);
  try {
    const parted = await openParted(run, options);
    const { source, searched, part, split } = parted;
    const training = await pairsToFit(run, data, parted);
    try {
      const parts = partsWithin(source, data, within);
      const contestants = await contestantsOf(run, embedders, { source, fitted: training.fitted });
      const pairs = await placeSides(sidesOfPairs(run), source, contestants, {
        indices: searched,
        onProgress: (done, total) => onProgress?.("reading and embedding pairs", done, total),
      });
      const keys = source.keys ?? everyEntry(source);
      const ranked = await rankAll(pairs, contestants, { keys, parts, onProgress });
      const directions = ranked.map(({ from, to, found }) =>
        directionOf({ from, to, found, contestants, parts, pairs }),
      );
      const broken = new Set(pairs.broken.map(({ name }) => name)).size;
      const evaluation: PairEvaluation = {
        run: {
          ...{ path: run.path, method: run.config.method.name, encoder: run.config.encoder.name },
          ...{ step: run.step, epoch: run.epoch },
        },
        data: {
          ...{ path: inWords(data), pairs: source.length, used: searched.length - broken, broken },
          keys: new Set(searched.map((entry) => keys[entry]!)).size,
        },
        part,
        ...(split ? { split } : {}),
        ...(within === undefined ? {} : { within }),
        directions,
        notes: [...training.notes, ...contestants.flatMap(({ note }) => note ?? [])],
        seconds: (performance.now() - start) / 1000,
      };
      if (html) {
        const last = contestants.length - 1;
        const found = ranked.map((direction) => direction.found[last]!);
        await writeOutput(html, [
          await retrievalPage(run, evaluation, { source, vectors: pairs.placed[last]!, found }),
        ]);
      }
      return evaluation;
    } finally {
      await training.close();
      await source.close();
    }
  } finally {
    await embedders.dispose();
  }
}

/** The part of each entry by a column, with the names of the parts. */
interface Within {
  readonly names: readonly string[];
  readonly of: Int32Array;
}

/** @throws UserError when the data do not have the column */
function partsWithin(source: Source<unknown>, data: Paths, within: string | undefined): Within | undefined {
  if (within === undefined) return undefined;
  const cells = source.column?.(within)?.map((cell) => cell?.trim() ?? "");
  if (!cells?.some((cell) => cell !== ""))
    throw new UserError(`--within ${within}: ${inWords(data)} has no such column`);
  const names = [...new Set(cells.filter((cell) => cell !== ""))].sort();
  return { names, of: Int32Array.from(cells, (cell) => names.indexOf(cell)) };
}

interface Ranked {
  readonly from: string;
  readonly to: string;
  /** For each contestant. */
  readonly found: readonly (readonly RankedQuery[])[];
}

/** What each contestant finds: each way, and within a side where several entries of it show the same. */
async function rankAll(
  { placed }: PlacedPairs,
  contestants: readonly Contestant[],
  {
    keys,
    parts,
    onProgress,
  }: { keys: Int32Array; parts: Within | undefined } & Pick<PairEvaluationOptions, "onProgress">,
): Promise<Ranked[]> {
  const [first = "", second = ""] = [...(placed[0]?.keys() ?? [])];
  const ways = [
    [second, first],
    [first, second],
    [first, first],
  ] as const;
  const ranked: Ranked[] = [];
  for (const [from, to] of ways) {
    const found: RankedQuery[][] = [];
    for (const [at, { name }] of contestants.entries()) {
      onProgress?.(`${name}: ${from} → ${to}`, 0, 1);
      const [queries, candidates] = [placed[at]!.get(from)!, placed[at]!.get(to)!];
      found.push(await rank(queries, candidates, { keys, parts: parts?.of, isSameSide: from === to }));
    }
    if (found[0]!.length > 0) ranked.push({ from, to, found });
  }
  return ranked;
}

function directionOf({
  from,
  to,
  found,
  contestants,
  parts,
  pairs,
}: Ranked & { contestants: readonly Contestant[]; parts: Within | undefined; pairs: PlacedPairs }): Direction {
  const [any] = found as [readonly RankedQuery[]];
  const { entries } = pairs.placed[0]!.get(from)!;
  const scored = (
    who: Pick<RetrievalScore, "role" | "name">,
    ranked: readonly RankedQuery[],
    recall: (some: readonly RankedQuery[]) => Recall,
  ): RetrievalScore => {
    if (!parts) return { ...who, ...recall(ranked) };
    const byPart = Map.groupBy(ranked, ({ query }) => parts.of[entries[query]!]!);
    const each = Object.fromEntries(
      parts.names.flatMap((name, part) => (byPart.has(part) ? [[name, recall(byPart.get(part)!)] as const] : [])),
    );
    return { ...who, ...meanRecall(Object.values(each)), each };
  };
  return {
    ...{ from, to, queries: any.length },
    candidates: any.reduce((sum, { candidates }) => sum + candidates, 0) / any.length,
    scores: [
      scored({ role: "chance", name: "chance level" }, any, chanceOfRanked),
      ...contestants.map(({ role, name }, at) => scored({ role, name }, found[at]!, recallOfRanked)),
    ],
  };
}
