import { overlap, type Saving } from "../label-curves.ts";
import type { LabelEfficiency } from "../label-efficiency.ts";
import { contenderNames, grouped } from "./label-charts.ts";

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** `6.2 ×`, `more than 100 ×`; nothing to say without training from scratch. */
export function factorInWords({ kind, factor }: Saving): string {
  const number = `${factor >= 100 ? grouped(factor) : factor.toFixed(factor >= 10 ? 0 : 1)} ×`;
  return kind === "exactly" ? number : `${kind} ${number}`;
}

/** The one number in a sentence. */
export function savedInWords({ saved, train }: Pick<LabelEfficiency, "saved" | "train">): string {
  if (!saved) return "Labels saved: not measured, as nothing was trained from scratch.";
  const { labels, accuracy, kind, needed, factor } = saved;
  const reached = `With ${grouped(labels)} labels the pretrained model is right on ${percent(accuracy)} of the test samples`;
  if (kind === "more than")
    return needed === labels
      ? `${reached}; from scratch is not, and more labels were not tried.`
      : `${reached}; from scratch is not yet with ${needed === train.labelled ? "all " : ""}${grouped(needed)}.`;
  if (kind === "at most")
    return `${reached}; from scratch is better with ${grouped(needed)}, the fewest that were tried. Pre-training saves no labels here.`;
  const ending = factor < 1 ? " already. Pre-training costs labels here" : "";
  return `${reached}; from scratch needs about ${grouped(needed)} for that${ending}.`;
}

const listed = (values: readonly number[]): string => values.map(grouped).join(", ");

/** What the page cannot say, a sentence each. */
export function unknowns(facts: Omit<LabelEfficiency, "out" | "files">): string[] {
  const { run, curves, pretrained, train, test, settings, saved, best } = facts;
  const scratch = curves.scratch ?? [];
  const pairs = pretrained.flatMap((point) => {
    const other = scratch.find(({ labels }) => labels === point.labels);
    return other ? [{ labels: point.labels, overlaps: overlap(point, other) }] : [];
  });
  const together = pairs.filter(({ overlaps }) => overlaps).map(({ labels }) => labels);
  const most = Math.max(...best.confusion.map((row) => row.reduce((sum, count) => sum + count, 0)), 0);
  const right = best.confusion.reduce((sum, row, label) => sum + row[label]!, 0);
  const accuracy = most > 0 ? right / best.confusion.flat().reduce((sum, count) => sum + count, 0) : 0;
  const error = Math.sqrt((accuracy * (1 - accuracy)) / test.labelled);
  return [
    `How much of this is luck of the pre-training: there is one encoder, pre-trained once with seed ${run.seed}. The bands do not hold what another seed would change.`,
    "Whether it holds for other data: there is one training set and one test set.",
    settings.draws === 1
      ? "How much depends on which labels are drawn: they were drawn once, so there are no deviations at all."
      : `Deviations exactly: they come from ${settings.draws} draws of the labels, which is few. Draws of many labels share most of them${pretrained.some(({ labels }) => labels === train.labelled) ? ", and with all labels only the seed of the training differs" : ""}.`,
    ...(pairs.length === 0 || settings.draws === 1
      ? []
      : [
          together.length === 0
            ? "The bands of the pretrained model and of training from scratch lie apart at every number of labels, by one deviation; that is no test of significance."
            : `Which is better where their bands overlap, the pretrained model or training from scratch: with ${listed(together)} labels.`,
        ]),
    `The accuracies closer than to about ${(100 * error).toFixed(1)} points: that is the standard error that ${grouped(test.labelled)} test samples leave by themselves.`,
    ...(curves["fine-tuned"]
      ? [
          "“Pretrained” is the better of linear probe and fine-tuning at each number of labels, by the test accuracy itself, which flatters it a little.",
        ]
      : []),
    ...(scratch.length > 0
      ? [
          `What a training from scratch with settings of its own would reach: it has the encoder, the steps${settings.steps === undefined ? "" : ` (at most ${grouped(settings.steps)})`} and the light augmentation of the fine-tuning here, and nothing was tuned for either.`,
        ]
      : []),
    ...(saved
      ? [
          `Labels saved between the numbers that were tried: there it is read off straight lines over the logarithm of the labels${saved.kind === "exactly" ? "" : "; here it is a bound and no value"}.`,
        ]
      : []),
    "Whether the pre-training saw the test samples, without their labels: if they are among its data, the pretrained model is flattered.",
  ];
}

/** Which model the tables of classes are of. */
export const bestInWords = ({ best }: Pick<LabelEfficiency, "best">): string =>
  `${contenderNames[best.contender]}, ${grouped(best.labels)} labels${best.draws > 1 ? `, ${best.draws} draws together` : ""}`;
