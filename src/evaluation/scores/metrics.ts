/** Share of predictions that equal the label, in [0, 1]. */
export function accuracyOf(predictions: Int32Array, labels: Int32Array): number {
  let correct = 0;
  predictions.forEach((prediction, row) => {
    if (prediction === labels[row]) correct++;
  });
  return correct / predictions.length;
}

/** Share of the majority class: the accuracy of always predicting it. */
export function majorityShare(labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}

/** Mean and sample standard deviation (0 for a single value). */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

/**
 * Mean and half the width of its 95 % confidence interval, 1.96 sample deviations over √n: the normal approximation, as is
 * usual for few-shot results.
 */
export function meanAndInterval(values: readonly number[]): { mean: number; interval: number } {
  const { mean, deviation } = meanAndDeviation(values);
  return { mean, interval: (1.96 * deviation) / Math.sqrt(values.length) };
}
