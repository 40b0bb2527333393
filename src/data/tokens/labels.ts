/** Stands for a unit without a label. */
export const UNLABELLED = "-";

/**
 * The labels of a sample's units: a letter each, `HHEC-C`, or, where any text has blanks, what is between them.
 * @param texts the labels of all samples, a text each
 */
export function unitLabelsOf(texts: readonly string[]): string[][] {
  const inWords = texts.some((text) => /\s/.test(text.trim()));
  return texts.map((text) => (inWords ? text.trim().split(/\s+/) : [...text]));
}

/** All labels that occur, sorted. */
export const outputsOfUnits = (texts: readonly string[]): string[] => {
  const found = new Set<string>();
  for (const labels of unitLabelsOf(texts)) for (const label of labels) found.add(label);
  found.delete(UNLABELLED);
  return [...found].sort();
};

/** Units with a label in each text. */
export const labelledUnits = (texts: readonly string[]): number[] =>
  unitLabelsOf(texts).map((labels) => labels.reduce((sum, label) => sum + Number(label !== UNLABELLED), 0));
