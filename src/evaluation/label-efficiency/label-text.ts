import { grouped } from "../scores/format.ts";
import { contenderNames } from "../worth/names.ts";
import type { LabelEfficiency, LabelFacts } from "./facts.ts";
import { type CurvePoint, type Doubt, isSingle, overlap, type Saving } from "./label-curves.ts";
import { measureText, formatPoint, formatScore } from "./measure-text.ts";

/** `6.2 ×`, `more than 100 ×`; nothing to say without training from scratch. */
export function formatFactor({ kind, factor }: Saving): string {
  const number = `${factor >= 100 ? grouped(factor) : factor.toFixed(factor >= 10 ? 0 : 1)} ×`;
  return kind === "exactly" ? number : `${kind} ${number}`;
}

/** The one number, and what speaks against it: `1.3 ×, within the noise of the draws`. */
export function savingHeadline({ saved, doubts }: Pick<LabelEfficiency, "saved" | "doubts">): string {
  if (!saved) return "–";
  const words: Readonly<Record<Doubt, string>> = {
    "one draw": "from one draw, which cannot be told from noise",
    "not compared": "between numbers of labels, so that noise cannot be told",
    "within noise": "within the noise of the draws",
    untrained: `the untrained encoder does as well at ${grouped(saved.labels)} labels`,
  };
  return [formatFactor(saved), ...doubts.map((doubt) => words[doubt])].join(", ");
}

type SavedFacts = Pick<LabelEfficiency, "task" | "saved" | "doubts" | "train" | "pretrained" | "curves">;

/** The one number in a sentence, and the scores behind what speaks against it in others. */
export const savingSummary = (facts: SavedFacts): string => [describeSaving(facts), ...describeDoubts(facts)].join(" ");

function describeDoubts({ task, saved, doubts, pretrained, curves }: SavedFacts): string[] {
  if (!saved) return [];
  const { labels } = saved;
  const at = (curve: readonly CurvePoint[] = []) => {
    const point = curve.find((each) => each.labels === labels);
    return point ? formatPoint(task, point) : "–";
  };
  const both = `with ${grouped(labels)} labels pretrained ${at(pretrained)}, from scratch ${at(curves.scratch)}`;
  const words: Readonly<Record<Doubt, string>> = {
    "one draw": `One draw of the labels has no deviation (${both}): whether the difference is more than noise is not known.`,
    "not compared": `From scratch was not trained with ${grouped(labels)} labels: whether the difference is more than noise is not known.`,
    "within noise": `The difference is within the noise of the draws: ${both}.`,
    untrained: `The untrained encoder does as well with ${grouped(labels)} labels, ${at(curves.untrained)} beside ${at(pretrained)}: what is saved there is not owed to the pre-training.`,
  };
  return doubts.map((doubt) => words[doubt]);
}

/** How the one number was read off. */
function describeSaving({ task, saved, train }: SavedFacts): string {
  if (!saved) return "Labels saved: not measured, as nothing was trained from scratch.";
  const { labels, score, kind, needed, factor } = saved;
  const reached = `With ${grouped(labels)} labels the pretrained model ${measureText[task].has(formatScore(task, score))}`;
  if (kind === "more than")
    return needed === labels
      ? `${reached}; from scratch is not there, and more labels were not tried.`
      : `${reached}; from scratch is not there yet with ${needed >= train.labelled ? "all " : ""}${grouped(needed)}.`;
  if (kind === "at most")
    return `${reached}; from scratch is better with ${grouped(needed)}, the fewest that were tried. Pre-training saves no labels here.`;
  const ending = factor < 1 ? " already. Pre-training costs labels here" : "";
  return `${reached}; from scratch needs about ${grouped(needed)} for that${ending}.`;
}

const listed = (values: readonly number[]): string => values.map(grouped).join(", ");

/** What the page cannot say, and why. */
export function limitations(facts: LabelFacts): string[] {
  const { run, task, curves, pretrained, train, settings, saved } = facts;
  return [
    `One pre-training: the encoder was pre-trained once, with seed ${run.seed}. What another seed would change is in none of the bands.`,
    "One data set: nothing here says what other data would give.",
    settings.draws === 1
      ? "One draw: the labels were drawn once, so nothing here says how much depends on which they are."
      : `${settings.draws} draws: deviations over so few are rough. Draws of many labels share most of them${pretrained.some(({ labels }) => labels >= train.labelled) ? ", and with all labels only the seed of the training differs" : ""}.`,
    ...(settings.draws > 1 ? describeBands(facts) : []),
    describeTestError(facts),
    ...(curves["fine-tuned"]
      ? [
          `The better of two: “pretrained” is the better of linear probe and fine-tuning at each number of labels, chosen by the test ${measureText[task].name} itself, which flatters it a little.`,
        ]
      : []),
    ...(curves.scratch
      ? [
          `Nothing was tuned: training from scratch has the encoder, the augmentation and about the steps${settings.steps === undefined ? "" : ` (about ${grouped(settings.steps)})`} of the fine-tuning. With longer training or settings of its own it might do better, and so might fine-tuning.`,
        ]
      : []),
    ...(saved
      ? [
          `Labels saved are read off straight lines over the logarithm of the labels between the numbers that were tried${saved.kind === "exactly" ? "" : "; here they are a bound and no value"}.`,
        ]
      : []),
    "Samples in both sets: that the training and the test data are not the same set was seen to, not that they have no sample in common; autodidact duplicates finds such in data that hold both.",
    "The data of the pre-training: if the test samples were among them, without their labels, the pretrained model is flattered.",
  ];
}

/** Where the pretrained model and training from scratch cannot be told apart by one deviation. */
function describeBands({ curves, pretrained }: Pick<LabelEfficiency, "curves" | "pretrained">): string[] {
  const pairs = pretrained.flatMap((point) => {
    const other = curves.scratch?.find(({ labels }) => labels === point.labels);
    if (!other || isSingle(point) || isSingle(other)) return [];
    return [{ labels: point.labels, overlaps: overlap(point, other) }];
  });
  if (pairs.length === 0) return [];
  const together = pairs.filter(({ overlaps }) => overlaps).map(({ labels }) => labels);
  return together.length === 0
    ? [
        "Significance: the bands of the pretrained model and of training from scratch overlap nowhere, which is no test of significance.",
      ]
    : [
        `Bands that overlap: with ${listed(together)} labels those of the pretrained model and of training from scratch do; which of them is better there is open.`,
      ];
}

/** How far chance alone moves an accuracy on so many samples. */
function describeTestError({ task, best: { confusion = [] }, test }: LabelFacts): string {
  if (task !== "classification")
    return `${grouped(test.labelled)} test samples: how far chance alone moves ${measureText[task].name} on so many is not worked out here.`;
  const judged = confusion.flat().reduce((sum, count) => sum + count, 0);
  const accuracy = confusion.reduce((sum, row, label) => sum + row[label]!, 0) / judged;
  const error = 100 * Math.sqrt((accuracy * (1 - accuracy)) / test.labelled);
  return `${grouped(test.labelled)} test samples: by themselves they leave the best accuracy here a standard error of ${error.toFixed(1)} points.`;
}

/** Which model the tables and pictures of answers are of. */
export const describeBest = ({ best }: Pick<LabelEfficiency, "best">): string =>
  `${contenderNames[best.contender]}, ${grouped(best.labels)} labels${best.draws > 1 ? `, ${best.draws} draws together` : ""}`;
