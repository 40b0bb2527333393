import { openRun, type Run } from "../index.ts";
import { complain } from "./output.ts";
import { downloadLine } from "./progress.ts";

/** What a command takes for a run that needs its encoder only, for help. */
export const RUN = "run folder; or a published model: its folder, or its id on the Hub (facebook/dinov2-small)";

/** Opens it, and shows the download of a model from the Hub. */
export async function openedRun(path: string): Promise<Run> {
  const download = downloadLine();
  return openRun(path, { onDownload: download.update, onNote: complain }).finally(download.end);
}
