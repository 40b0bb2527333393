import { bootstrap } from "../../returns/bootstrap.ts";
import type { CellResult, Contender } from "../label-cells.ts";
import { bestOf, curveOf, savings } from "./label-curves.ts";

/** What the draws of the labels leave open of a factor of labels saved. */
export interface SavingInterval {
  readonly low: number;
  readonly high: number;
  /** Whether an end is only a bound, because the numbers of labels that were tried end there. */
  readonly isAtMost: boolean;
  readonly isAtLeast: boolean;
  /** Draws that it is from. */
  readonly draws: number;
}

const RESAMPLES = 2000;

/**
 * The 95 % interval over draws of the labels of the factor saved at a number of labels, by the bootstrap: draws are drawn again with
 * replacement, the same for all contenders, since they had the same labels; from each such set the curves are made anew. Of
 * few draws it is rough: three have only ten different resamples.
 * @param labels at which the factor is read off
 * @returns undefined for fewer than two draws that all trainings had, or where the factor cannot be read off
 *
 * @example
 * // Two draws: pretrained 0.5 and 0.6 with 10 labels; from scratch 0.4 and 0.4 with 10, 0.8 and 0.8 with 100.
 * savingInterval(cells, 10); // low 10 ** 0.25, high 10 ** 0.5
 */
export function savingInterval(cells: readonly CellResult[], labels: number): SavingInterval | undefined {
  const compared = cells.filter(({ contender }) => contender !== "untrained");
  const draws = drawsOfAll(compared);
  const scratch = new Set(of(compared, "scratch").map((cell) => cell.labels));
  if (draws.length < 2 || scratch.size === 0) return undefined;
  const factor = (drawn: readonly number[]): number => {
    const again = drawn.flatMap((draw) => compared.filter((cell) => cell.draw === draw));
    const curve = (contender: Contender) => curveOf(of(again, contender));
    const all = savings(bestOf([curve("probe"), curve("fine-tuned")]), curve("scratch"));
    return all.find((saving) => saving.labels === labels)?.factor ?? Number.NaN;
  };
  if (Number.isNaN(factor(draws))) return undefined;
  // Few draws have few different resamples.
  const computed = new Map<string, number>();
  const remembered = (drawn: readonly number[]): number => {
    const key = drawn.toSorted((a, b) => a - b).join();
    const value = computed.get(key) ?? factor(drawn);
    computed.set(key, value);
    return value;
  };
  // The only scores of the only task are the draws themselves.
  const { low, high } = bootstrap([draws], ([drawn = []]) => remembered(Array.from(drawn)), { resamples: RESAMPLES });
  const [fewest, most] = [Math.min(...scratch) / labels, Math.max(...scratch) / labels];
  return { low, high, isAtMost: low <= fewest, isAtLeast: high >= most, draws: draws.length };
}

const of = (cells: readonly CellResult[], contender: Contender) => cells.filter((cell) => cell.contender === contender);

/** The draws that every contender had at every number of its labels. */
function drawsOfAll(cells: readonly CellResult[]): number[] {
  const trainings = Map.groupBy(cells, ({ contender, labels }) => `${contender} ${labels}`);
  const sets = [...trainings.values()].map((group) => new Set(group.map(({ draw }) => draw)));
  return [...(sets[0] ?? [])].filter((draw) => sets.every((set) => set.has(draw))).sort((a, b) => a - b);
}
