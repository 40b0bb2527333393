import { type SegmentOptions, segment, segmentationTable, splitLine, writeSegmentation } from "../../index.ts";
import { print, printJson } from "../output.ts";

/**
 * What `evaluate` does with masks: the tables, and `segmentation.json` and a page in the run folder.
 * @param done ends the line of progress
 */
export async function evaluateOnMasks(options: SegmentOptions, done: () => void, json = false): Promise<void> {
  const { path } = options.run;
  const { segmentation, shown } = await segment(options).finally(done);
  const files = await writeSegmentation(path, segmentation, shown);
  if (json) return printJson(segmentation);
  if (segmentation.split) print(`${splitLine(segmentation.split)}\n`);
  print(segmentationTable(segmentation));
  print(`\nwritten to ${path}: ${files.join(", ")}`);
}
