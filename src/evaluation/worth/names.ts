/**
 * Names of the contestants in tables, charts, reports and model cards. A baseline brings its own name.
 */
export const contestantNames = {
  pretrained: "pretrained",
  untrained: "same encoder, untrained",
  "fine-tuned": "pretrained, fine-tuned",
  scratch: "trained from scratch",
} as const;

export type Role = keyof typeof contestantNames | "baseline";

/** Names on curves over numbers of labels, where a probe is one of several ways to use the labels. */
export const contenderNames = {
  probe: "pretrained, linear probe",
  "fine-tuned": contestantNames["fine-tuned"],
  scratch: contestantNames.scratch,
  untrained: "untrained, linear probe",
} as const;
