import type { Answers, LabelTask } from "../../data/answers.ts";

const problems: Partial<Record<LabelTask, string>> = {
  classification: "single_label_classification",
  "multi-label": "multi_label_classification",
  regression: "regression",
};

/** A classifier's fields of `config.json`. */
export const classifierConfig = ({ task, outputs }: Answers): Readonly<Record<string, unknown>> => ({
  ...(problems[task] === undefined ? {} : { problem_type: problems[task] }),
  id2label: Object.fromEntries(outputs.map((name, output) => [output, name])),
  label2id: Object.fromEntries(outputs.map((name, output) => [name, output])),
});
