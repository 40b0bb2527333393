import type { OpenOptions, Source } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import type { Run } from "../../training/run/run.ts";
import type { Split } from "../labels/split.ts";
import type { Role } from "../worth/names.ts";
import type { RankedQuery, Recall } from "./ranked.ts";
import type { SideVectors } from "./side-vectors.ts";

export interface PairEvaluationOptions extends OpenOptions {
  /** A run whose encoder places both sides of pairs into one space. */
  readonly run: Run;
  /** Pairs. */
  readonly data: Paths;
  /**
   * Which pairs are searched: `train`, `validation` or `test` of the data's column `split`, or `all`; or how to split the data, of
   * which the test part is searched: see `evaluate`. By default the test part of a column `split`, if there is one, else all.
   */
  readonly split?: string;
  /** A column of the data: candidates are those that have the same in it as the query, and means are over its values. */
  readonly within?: string;
  /** Also write a page: similarities, and the best and the worst that was found. */
  readonly html?: string;
  /** Of `split`, where it is drawn. */
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** What finds a side's sample from the other's, and how well. */
export interface RetrievalScore extends Recall {
  readonly role: Role | "chance";
  /** As shown in tables. */
  readonly name: string;
  /** For each value of the column `within`. */
  readonly each?: Readonly<Record<string, Recall>>;
}

/** Samples of one side as queries for samples of another, or of the same one. */
export interface Direction {
  readonly from: string;
  readonly to: string;
  /** Queries with at least one hit among the candidates. */
  readonly queries: number;
  /** Candidates of a query, on average. */
  readonly candidates: number;
  /** Chance level, untrained, baseline (if there is one), pretrained. */
  readonly scores: readonly RetrievalScore[];
}

export interface PairEvaluation {
  readonly run: { path: string; method: string; encoder: string; step: number; epoch: number };
  readonly data: { path: string; pairs: number; used: number; broken: number; keys: number };
  /** Which of them were searched, in words. */
  readonly part: string;
  /** How the data were split, if they were. */
  readonly split?: Split;
  /** The column whose values are searched apart. */
  readonly within?: string;
  readonly directions: readonly Direction[];
  /** What readers of the numbers must know. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** What is left of an evaluation when its numbers are computed: for pictures of what was found. */
export interface RetrievalDetails {
  readonly source: Source<unknown>;
  /** The pretrained encoder's vectors of each side. */
  readonly vectors: ReadonlyMap<string, SideVectors>;
  /** What it found, by direction as in the evaluation. */
  readonly found: readonly (readonly RankedQuery[])[];
}
