import { htmlList, htmlNote, htmlTable } from "../drawing/html.ts";
import { grouped, percent } from "../scores/format.ts";
import { perClassOf } from "../scores/measures.ts";
import type { LabelFacts } from "./facts.ts";
import { PAIRS } from "./label-predictions.ts";
import { describeBest } from "./label-text.ts";

/** What the section is made of: SVG of the matrix of classes where there are not too many, of answers against right values. */
export interface PredictionsPart {
  readonly facts: LabelFacts;
  readonly confusion?: string;
  readonly values?: string;
}

/** Classes in the table: the worst ones of more. */
const MOST_CLASSES = 40;
const MISTAKES = 10;

/** What the best model answers: of classes and labels each one's measures, of values all against the right ones. */
export function predictionsSection(page: PredictionsPart): string {
  const { task, outputs, best } = page.facts;
  if (task === "regression")
    return `${htmlNote(`Of ${describeBest(page.facts)}; up to ${PAIRS} test samples of each draw.`)}
<figure>${page.values ?? ""}<figcaption>The values answered against the right ones; on the dashed line they are equal.</figcaption></figure>`;
  const { confusion = [], ofEach = [] } = best;
  // Of labels it is the row of those samples that have it.
  const scores = task === "classification" ? perClassOf(confusion) : ofEach.map((matrix) => perClassOf(matrix)[1]!);
  const named = scores.map((score, at) => ({ name: outputs[at]!, ...score }));
  const shown = named.length > MOST_CLASSES ? named.toSorted((a, b) => a.f1 - b.f1).slice(0, MOST_CLASSES) : named;
  const kind = task === "classification" ? "class" : "label";
  const rows = shown.map(({ name, count, ...score }) => [
    name,
    // Every draw was judged on all of them.
    grouped(count / best.draws),
    percent(score.precision),
    percent(score.recall),
    percent(score.f1),
  ]);
  const worst =
    shown.length < named.length
      ? ` The ${MOST_CLASSES} worst of ${named.length} ${kind === "class" ? "classes" : "labels"}.`
      : "";
  const said = kind === "label" ? " A label is said where its probability is above one half." : "";
  return `${htmlNote(`Of ${describeBest(page.facts)}.${worst}${said}`)}
${htmlTable([kind, "test samples", "precision", "recall", "F1"], rows)}
${kind === "class" ? mistakesOf(page, confusion) : ""}`;
}

function mistakesOf(
  { facts: { outputs, best }, confusion: picture }: PredictionsPart,
  confusion: readonly (readonly number[])[],
) {
  const mistakes = confusion
    .flatMap((row, right) => row.map((count, answer) => ({ right, answer, count })))
    .filter(({ right, answer, count }) => right !== answer && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MISTAKES)
    .map(({ right, answer, count }) => `${outputs[right]} taken for ${outputs[answer]}: ${grouped(count)}`);
  const figure = picture
    ? `<figure>${picture}<figcaption>Rows are the right classes, columns the answers; percent of the row.</figcaption></figure>`
    : htmlNote(`${outputs.length} classes are too many for a matrix.`);
  return `${figure}
${mistakes.length > 0 ? `<p>The commonest mistakes${best.draws > 1 ? `, counted over ${best.draws} draws` : ""}:</p>${htmlList(mistakes)}` : htmlNote("No mistakes.")}`;
}
