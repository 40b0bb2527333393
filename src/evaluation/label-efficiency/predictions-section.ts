import { htmlList, htmlNote, htmlTable } from "../drawing/html.ts";
import { grouped, percent } from "../scores/format.ts";
import { perClassOf } from "../scores/measures.ts";
import type { LabelFacts } from "./facts.ts";
import { PAIRS } from "./label-predictions.ts";
import { describeBest } from "./label-text.ts";

/** The section's data: the confusion matrix (unless there are too many classes) or predicted against true values, as SVG. */
export interface PredictionsPart {
  readonly facts: LabelFacts;
  readonly confusion?: string;
  readonly values?: string;
}

/** Most classes in the table: the worst ones if there are more. */
const MOST_CLASSES = 40;
const MOST_ERRORS = 10;

/** The best model's predictions: scores of each class or label, or predicted against true values. */
export function predictionsSection(page: PredictionsPart): string {
  const { task, outputs, best } = page.facts;
  if (task === "regression")
    return `${htmlNote(`${describeBest(page.facts)}; up to ${PAIRS} test samples of each draw.`)}
<figure>${page.values ?? ""}<figcaption>Predicted against true values; on the dashed line they are equal.</figcaption></figure>`;
  const { confusion = [], ofEach = [] } = best;
  // Of a label's two rows the second is for the samples that have it.
  const scores = task === "classification" ? perClassOf(confusion) : ofEach.map((matrix) => perClassOf(matrix)[1]!);
  const named = scores.map((score, at) => ({ name: outputs[at]!, ...score }));
  const shown = named.length > MOST_CLASSES ? named.toSorted((a, b) => a.f1 - b.f1).slice(0, MOST_CLASSES) : named;
  const kind = task === "classification" ? "class" : "label";
  const rows = shown.map(({ name, count, ...score }) => [
    name,
    // Every draw was tested on all samples.
    grouped(count / best.draws),
    percent(score.precision),
    percent(score.recall),
    percent(score.f1),
  ]);
  const worst =
    shown.length < named.length
      ? ` The ${MOST_CLASSES} worst of ${named.length} ${kind === "class" ? "classes" : "labels"}.`
      : "";
  const threshold = kind === "label" ? " A label is predicted if its probability is above one half." : "";
  return `${htmlNote(`${describeBest(page.facts)}.${worst}${threshold}`)}
${htmlTable([kind, "test samples", "precision", "recall", "F1"], rows)}
${kind === "class" ? errorsOf(page, confusion) : ""}`;
}

function errorsOf(
  { facts: { outputs, best }, confusion: chart }: PredictionsPart,
  confusion: readonly (readonly number[])[],
) {
  const errors = confusion
    .flatMap((row, target) => row.map((count, predicted) => ({ target, predicted, count })))
    .filter(({ target, predicted, count }) => target !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_ERRORS)
    .map(({ target, predicted, count }) => `${outputs[target]} predicted as ${outputs[predicted]}: ${grouped(count)}`);
  const figure = chart
    ? `<figure>${chart}<figcaption>Rows: true classes; columns: predicted classes; percent of the row.</figcaption></figure>`
    : htmlNote(`${outputs.length} classes are too many for a matrix.`);
  return `${figure}
${errors.length > 0 ? `<p>Most frequent errors${best.draws > 1 ? `, counted over ${best.draws} draws` : ""}:</p>${htmlList(errors)}` : htmlNote("No errors.")}`;
}
