import { grouped } from "../scores/format.ts";
import { contenderNames } from "../worth/names.ts";
import type { LabelEfficiency, LabelFacts } from "./facts.ts";
import { formatPoint, formatScore, measureText } from "./measure-text.ts";
import { type CurvePoint, type Doubt, isSingle, overlap, type Saving } from "./savings/label-curves.ts";

/** `6.2 ×`, `more than 100 ×`. */
export const formatFactor = ({ kind, factor }: Saving): string =>
  kind === "exactly" ? times(factor) : `${kind} ${times(factor)}`;

const times = (factor: number): string => `${factor >= 100 ? grouped(factor) : factor.toFixed(factor >= 10 ? 0 : 1)} ×`;

/** The factor of labels saved with its caveats: `1.3 ×, within the noise of the draws`. */
export function savingHeadline({ saved, doubts }: Pick<LabelEfficiency, "saved" | "doubts">): string {
  if (!saved) return "–";
  const caveats: Readonly<Record<Doubt, string>> = {
    "one draw": "from one draw, which may be noise",
    "not compared": "interpolated, which may be noise",
    "within noise": "within the noise of the draws",
    untrained: `the untrained encoder does as well at ${grouped(saved.labels)} labels`,
  };
  return [formatFactor(saved), ...doubts.map((doubt) => caveats[doubt])].join(", ");
}

type SavedFacts = Pick<
  LabelEfficiency,
  "task" | "saved" | "savedInterval" | "doubts" | "train" | "pretrained" | "curves"
>;

/** The labels saved in one sentence, followed by the factor's interval and a sentence with scores for each caveat. */
export const savingSummary = (facts: SavedFacts): string =>
  [describeSaving(facts), ...describeInterval(facts), ...describeDoubts(facts)].join(" ");

/** How far the factor depends on which labels were drawn; of a bound there is nothing to say. */
function describeInterval({ saved, savedInterval }: SavedFacts): string[] {
  if (saved?.kind !== "exactly" || !savedInterval) return [];
  const { low, high, isAtMost, isAtLeast, draws } = savedInterval;
  const ends = `${isAtMost ? "at most " : ""}${times(low)} to ${isAtLeast ? "at least " : ""}${times(high)}`;
  return [`Over the ${draws} draws of the labels the factor's 95 % interval is ${ends}.`];
}

function describeDoubts({ task, saved, doubts, pretrained, curves }: SavedFacts): string[] {
  if (!saved) return [];
  const { labels } = saved;
  const at = (curve: readonly CurvePoint[] = []) => {
    const point = curve.find((each) => each.labels === labels);
    return point ? formatPoint(task, point) : "–";
  };
  const both = `with ${grouped(labels)} labels pretrained ${at(pretrained)}, from scratch ${at(curves.scratch)}`;
  const caveats: Readonly<Record<Doubt, string>> = {
    "one draw": `One draw of the labels has no deviation (${both}): the difference may be noise.`,
    "not compared": `From scratch was not trained with ${grouped(labels)} labels: the difference may be noise.`,
    "within noise": `The difference is within the noise of the draws: ${both}.`,
    untrained: `The untrained encoder does as well with ${grouped(labels)} labels, ${at(curves.untrained)} against ${at(pretrained)}: the saving there does not come from pre-training.`,
  };
  return doubts.map((doubt) => caveats[doubt]);
}

/** How the number of labels saved was read off the curves. */
function describeSaving({ task, saved, train }: SavedFacts): string {
  if (!saved) return "Labels saved: not measured, because nothing was trained from scratch.";
  const { labels, score, kind, needed, factor } = saved;
  const reached = `With ${grouped(labels)} labels the pretrained model ${measureText[task].has(formatScore(task, score))}`;
  if (kind === "more than")
    return needed === labels
      ? `${reached}; from scratch does not reach that, and more labels were not tried.`
      : `${reached}; from scratch does not reach that with ${needed >= train.labelled ? "all " : ""}${grouped(needed)}.`;
  if (kind === "at most")
    return `${reached}; from scratch is better with ${grouped(needed)}, the fewest tried. Pre-training saves no labels here.`;
  const ending = factor < 1 ? ". Pre-training costs labels here" : "";
  return `${reached}; from scratch reaches that with about ${grouped(needed)}${ending}.`;
}

const listed = (values: readonly number[]): string => values.map(grouped).join(", ");

/** What the report does not show, and why. */
export function limitations(facts: LabelFacts): string[] {
  const { run, task, curves, pretrained, train, settings, saved } = facts;
  return [
    `One pre-training: the encoder was pre-trained once, with seed ${run.seed}. The bands do not include the variation between pre-training seeds.`,
    "One data set: results on other data may differ.",
    settings.draws === 1
      ? "One draw: the labels were drawn once, so the variation between draws is unknown."
      : `${settings.draws} draws: deviations over so few are rough estimates. Large draws share most of their labels${pretrained.some(({ labels }) => labels >= train.labelled) ? ", and with all labels only the seed of the training differs" : ""}.`,
    ...(settings.draws > 1 ? describeBands(facts) : []),
    describeTestError(facts),
    ...(curves["fine-tuned"]
      ? [
          `The better of two: “pretrained” is the better of linear probe and fine-tuning at each number of labels, chosen by the test ${measureText[task].name} itself, which favours it slightly.`,
        ]
      : []),
    ...(curves.scratch
      ? [
          `Training from scratch uses the same encoder, ${describeScratch(facts)}, and all labels: it does not stop early, and its last epoch counts. Fine-tuning holds labels out and keeps the best epoch. ${settings.fromScratch ? "Fine-tuning was not tuned" : "Neither was tuned"}, and either might do better with longer training or other settings.`,
        ]
      : []),
    ...(saved
      ? [
          `Labels saved are interpolated linearly over the logarithm of the number of labels${saved.kind === "exactly" ? "" : "; here they are only a bound"}.`,
        ]
      : []),
    "Overlap of the sets: it was checked that training and test data are not the same set, but not that they share no sample; autodidact duplicates finds such samples in data that hold both.",
    "Pre-training data: if they contain the test samples (without labels), the pretrained model has an advantage.",
  ];
}

/** Length and augmentation from scratch, beside those of fine-tuning. */
function describeScratch({ settings: { steps, fromScratch } }: Pick<LabelEfficiency, "settings">): string {
  const usual = steps === undefined ? "about three times as many steps as" : `about ${grouped(steps)} steps like`;
  if (!fromScratch) return `the same augmentation, ${usual} fine-tuning`;
  const { steps: own, options = {}, modalityOptions = {} } = fromScratch;
  const named = Object.entries({ ...options, ...modalityOptions }).map(([name, value]) => `${name} ${String(value)}`);
  const augmentation = named.length > 0 ? `other augmentation (${named.join(", ")})` : "the same augmentation";
  return `${augmentation}, ${own === undefined ? `${usual} fine-tuning` : `about ${grouped(own)} steps`}`;
}

/** Where the bands of the pretrained model and of training from scratch overlap. */
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
        "Significance: the bands of the pretrained model and of training from scratch do not overlap, which is no significance test.",
      ]
    : [
        `Overlapping bands: with ${listed(together)} labels the bands of the pretrained model and of training from scratch overlap; which is better there is open.`,
      ];
}

/** The sampling error of the test score. */
function describeTestError({ task, best: { confusion = [] }, test }: LabelFacts): string {
  if (task !== "classification")
    return `${grouped(test.labelled)} test samples: the sampling error of ${measureText[task].name} is not estimated.`;
  const total = confusion.flat().reduce((sum, count) => sum + count, 0);
  const accuracy = confusion.reduce((sum, row, label) => sum + row[label]!, 0) / total;
  const error = 100 * Math.sqrt((accuracy * (1 - accuracy)) / test.labelled);
  return `${grouped(test.labelled)} test samples: the best accuracy here has a standard error of ${error.toFixed(1)} points from the test samples alone.`;
}

/** The model whose predictions the tables and charts show. */
export const describeBest = ({ best }: Pick<LabelEfficiency, "best">): string =>
  `${contenderNames[best.contender]}, ${grouped(best.labels)} labels${best.draws > 1 ? `, ${best.draws} draws pooled` : ""}`;
