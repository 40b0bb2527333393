import { UserError } from "../foundation/errors.ts";
import type { Source } from "../modalities/index.ts";
import type { Run } from "../training/run.ts";
import { openLabelled } from "./judge.ts";

/** Labelled data to learn from, and labelled data to be judged on. */
export interface TrainAndTest {
  readonly train: string;
  readonly test: string;
  readonly trainLabels?: string;
  readonly testLabels?: string;
  /** Columns of tables, the same in both. */
  readonly column?: string;
  readonly labelColumn?: string;
}

/** @throws UserError when either has no labels, or the test data have a class that the training data have not */
export async function openTrainAndTest(
  definition: Run["modalityDefinition"],
  { column, labelColumn, ...given }: TrainAndTest,
): Promise<{ train: Source<unknown>; test: Source<unknown>; classes: readonly string[]; close(): Promise<void> }> {
  await using opened = new AsyncDisposableStack();
  const open = async (path: string, labels: string | undefined) =>
    opened.adopt(await openLabelled(definition, path, { column, labelColumn, labels }), (source) => source.close());
  const train = await open(given.train, given.trainLabels);
  const test = await open(given.test, given.testLabels);
  const classes = train.classes ?? [];
  const unknown = (test.classes ?? []).find((name) => !classes.includes(name));
  if (unknown !== undefined)
    throw new UserError(
      `${given.test}: class "${unknown}" does not occur in ${given.train} (${classes.slice(0, 5).join(", ")} …)`,
    );
  const kept = opened.move();
  return { train, test, classes, close: () => kept.disposeAsync() };
}
