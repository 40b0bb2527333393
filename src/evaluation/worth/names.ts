/**
 * What takes part in comparisons is called everywhere: in tables, charts, reports and on model cards. A baseline brings
 * its own name.
 */
export const contestantNames = {
  pretrained: "pretrained",
  untrained: "same encoder, untrained",
  "fine-tuned": "pretrained, fine-tuned",
  scratch: "trained from scratch",
} as const;

export type Role = keyof typeof contestantNames | "baseline";

/** The same on a curve over numbers of labels, where a probe is one way among others to use them. */
export const contenderNames = {
  probe: "pretrained, linear probe",
  "fine-tuned": contestantNames["fine-tuned"],
  scratch: contestantNames.scratch,
  untrained: "untrained, linear probe",
} as const;
