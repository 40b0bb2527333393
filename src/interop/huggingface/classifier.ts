import type { Answers, LabelTask } from "../../data/index.ts";
import type { LinearHead, Method, MethodParams } from "../../methods/index.ts";

/** What a fine-tuned run answers, beside its representation. */
export interface ExportedHead extends Answers {
  /** All of the method's parameters, the encoder's under `encoder`. */
  readonly params: MethodParams;
  readonly predict: NonNullable<Method["predict"]>;
  /** The layer that the answers are made of the representation by, where it is one. */
  readonly linear?: LinearHead;
}

const problems: Record<Exclude<LabelTask, "similarity">, string> = {
  classification: "single_label_classification",
  "multi-label": "multi_label_classification",
  regression: "regression",
};

/** What `config.json` says of a classifier. */
export const classifierConfig = ({ task, outputs }: Answers): Readonly<Record<string, unknown>> => ({
  ...(task === "similarity" ? {} : { problem_type: problems[task] }),
  id2label: Object.fromEntries(outputs.map((name, output) => [output, name])),
  label2id: Object.fromEntries(outputs.map((name, output) => [name, output])),
});
