import { openTrainAndTest } from "../labels/labelled-sources.ts";
import type { LabelEfficiency } from "./facts.ts";
import { frozenFeatures } from "./frozen.ts";
import { type LabelEfficiencyOptions, planReport } from "./plan.ts";
import { summarise } from "./summarise.ts";
import { runTrainings } from "./trainings.ts";

export type { LabelEfficiency, LabelEfficiencyOptions };

/**
 * Whether pre-training was worth it: accuracy (or mean average precision, or R²) against the number of labels for a linear
 * probe, full fine-tuning, the same encoder from scratch, and a probe of the encoder untrained, each with several draws,
 * on one page that needs nothing else. Every finished training is kept in `report.json`, and a call that finds some there
 * does the others only.
 * @returns nothing when `signal` stopped it; what is finished is kept
 * @throws UserError when labels are missing, the classes do not match, or `out` holds a report of something else
 *
 * @example
 * const run = await openRun("runs/photos");
 * const found = await labelEfficiency({ run, train: "labelled/train", test: "labelled/test", out: "reports/photos" });
 * if (found) console.log(labelTable(found));
 */
export async function labelEfficiency(options: LabelEfficiencyOptions): Promise<LabelEfficiency | undefined> {
  const data = await openTrainAndTest(options.run, options, options.task ?? "classification");
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
