import type { Answers, LabelTask } from "../../data/answers.ts";

const problems: Record<Exclude<LabelTask, "similarity">, string> = {
  classification: "single_label_classification",
  "multi-label": "multi_label_classification",
  regression: "regression",
};

/** A classifier's fields of `config.json`. */
export const classifierConfig = ({ task, outputs }: Answers): Readonly<Record<string, unknown>> => ({
  ...(task === "similarity" ? {} : { problem_type: problems[task] }),
  id2label: Object.fromEntries(outputs.map((name, output) => [output, name])),
  label2id: Object.fromEntries(outputs.map((name, output) => [name, output])),
});
