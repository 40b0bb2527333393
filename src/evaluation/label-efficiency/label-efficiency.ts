import { join } from "node:path";
import { claimFolder } from "../../foundation/outputs.ts";
import { openTrainAndTest } from "../labels/labelled-sources.ts";
import { splitLine } from "../labels/split.ts";
import type { LabelEfficiency } from "./facts.ts";
import { frozenFeatures } from "./frozen.ts";
import { type LabelEfficiencyOptions, planReport } from "./plan.ts";
import { summarise } from "./summarise.ts";
import { runTrainings } from "./trainings.ts";

export type { LabelEfficiency, LabelEfficiencyOptions };

/**
 * Measures what pre-training is worth: accuracy (or mean average precision, or R²) against the number of labels for a
 * linear probe, full fine-tuning, the same encoder from scratch, and a probe of the untrained encoder, each over several
 * draws, as one self-contained page. Finished trainings are kept in `report.json`; a later call does only the others.
 * @returns undefined when `signal` stopped it; finished trainings are kept
 * @throws UserError when labels are missing, the classes do not match, or `out` holds a report of something else
 *
 * @example
 * const run = await openRun("runs/photos");
 * const report = await labelEfficiency({ run, train: "labelled/train", test: "labelled/test", out: "reports/photos" });
 * if (report) console.log(labelTable(report));
 */
export async function labelEfficiency(options: LabelEfficiencyOptions): Promise<LabelEfficiency | undefined> {
  const out = options.out ?? join(options.run.path, "report");
  // The split is written there, before anything else.
  if (options.split !== undefined) await claimFolder(out, "report");
  const data = await openTrainAndTest(options.run, options, options.task ?? "classification", {
    ...{ seed: options.seed ?? 0, out },
  });
  if (data.split) options.onNote?.(splitLine(data.split));
  try {
    const plan = await planReport(options, data);
    const frozen = await frozenFeatures(plan);
    const cells = await runTrainings(plan, frozen);
    return cells && (await summarise(plan, frozen, cells));
  } catch (error) {
    if (options.signal?.aborted) return undefined;
    throw error;
  } finally {
    await data.close();
  }
}
