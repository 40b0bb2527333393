/** Scores of one agent: for each task one of each seed. Scores of several tasks have to be on one scale. */
export type Scores = readonly ArrayLike<number>[];

/** @throws Error when there is no task, or a task without a score, or a score that is no number */
export function assertScores(scores: Scores): void {
  if (scores.length === 0) throw new Error("scores of no task");
  for (const [task, { length }] of scores.entries()) if (length === 0) throw new Error(`task ${task} has no score`);
  for (const [task, values] of scores.entries())
    for (let seed = 0; seed < values.length; seed++)
      if (!Number.isFinite(values[seed]))
        throw new Error(`the score of seed ${seed} on task ${task} is ${values[seed]}`);
}

/** The scores of all tasks in one array. */
export function pooled(scores: Scores): Float64Array {
  const all = new Float64Array(scores.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const values of scores) {
    all.set(values, start);
    start += values.length;
  }
  return all;
}
