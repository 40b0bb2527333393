import { type SegmentOptions, segment, segmentationTable, splitLine, writeSegmentation } from "../../index.ts";
import { print, printJson } from "../output.ts";

/**
 * What `evaluate` does with masks: the tables, and `segmentation.json` and a page in the run folder.
 * @param done ends the line of progress
 */
export async function evaluateOnMasks(options: SegmentOptions, done: () => void, json = false): Promise<void> {
  const { path, config } = options.run;
  const { segmentation, shown } = await segment(options).finally(done);
  // A published model's folder may be the Hub's cache, or somebody else's.
  const files = config.published === undefined ? await writeSegmentation(path, segmentation, shown) : [];
  if (json) return printJson(segmentation);
  if (segmentation.split) print(`${splitLine(segmentation.split)}\n`);
  print(segmentationTable(segmentation));
  if (files.length > 0) print(`\nwritten to ${path}: ${files.join(", ")}`);
}
