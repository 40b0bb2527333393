import { join } from "node:path";
import type { Picture } from "../../data/index.ts";
import { type Mask, NO_CLASS } from "../../data/targets/masks.ts";
import { writeAtomically } from "../../foundation/files.ts";
import { escapeHtml, htmlNote, htmlPng, htmlTable } from "../drawing/html.ts";
import { pictureSheet } from "../drawing/picture-sheet.ts";
import type { Segmentation, ShownImage } from "./segmentation.ts";
import { aboutSegmentation, classRows, SCORE_TITLES, scoreRows } from "./segmentation-table.ts";

const CSS = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 56rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
  table { border-collapse: collapse; } td, th { padding: 0.2rem 0.9rem 0.2rem 0; text-align: right; border-bottom: 1px solid #e8ebee; font-weight: 500; }
  th:first-child { text-align: left; } td { font-variant-numeric: tabular-nums; font-weight: 400; }
  .scroll { overflow-x: auto; } .note { color: #5b6470; } img { max-width: 100%; }
  .key { display: inline-block; width: 0.9rem; height: 0.9rem; margin: 0 0.35rem 0 0.9rem; vertical-align: -0.1rem; border: 1px solid #ccc; }
`;

/** The colour of a class, as Pascal VOC draws it; white for no class. */
export function classColour(label: number): readonly [red: number, green: number, blue: number] {
  if (label === NO_CLASS) return [255, 255, 255];
  const colour = [0, 0, 0] as [number, number, number];
  for (let bit = 7, left = label; left > 0; bit--, left >>= 3)
    for (let channel = 0; channel < 3; channel++) colour[channel]! |= ((left >> channel) & 1) << bit;
  return colour;
}

/** A mask in its classes' colours. */
export function maskPicture({ width, height, data }: Mask): Picture {
  const rgb = new Uint8Array(3 * width * height);
  data.forEach((label, at) => {
    rgb.set(classColour(label), 3 * at);
  });
  return { width, height, rgb };
}

/**
 * Writes `segmentation.json` and `segmentation.html`, a self-contained page with some test images, their masks and the predicted
 * ones, to the run folder.
 * @returns names of the files
 *
 * @example
 * const run = await openRun("runs/photos");
 * const { segmentation, shown } = await segment({ run, train: "images", masks: "masks", split: "random" });
 * await writeSegmentation(run.path, segmentation, shown);
 */
export async function writeSegmentation(
  folder: string,
  segmentation: Segmentation,
  shown: readonly ShownImage[],
): Promise<string[]> {
  await writeAtomically(join(folder, "segmentation.json"), [`${JSON.stringify(segmentation, null, 2)}\n`]);
  await writeAtomically(join(folder, "segmentation.html"), [await pageOf(segmentation, shown)]);
  return ["segmentation.json", "segmentation.html"];
}

async function pageOf(segmentation: Segmentation, shown: readonly ShownImage[]): Promise<string> {
  const { run, scores, classes } = segmentation;
  const title = `${run.method} on ${run.encoder}, step ${run.step}: what every pixel shows`;
  const names = scores.flatMap(({ name, linear }) => (linear ? [name] : []));
  const sheet = await pictureSheet({
    title: "Linear probe of patches",
    columns: ["sample", "mask", ...names],
    rows: shown.map(({ image, truth, predicted }) => [
      image,
      maskPicture(truth),
      ...names.map((name) => predicted[name] && maskPicture(predicted[name])),
    ]),
  });
  const { titles, rows } = classRows(segmentation);
  const keys = classes.map(
    (name, label) =>
      `<span class="key" style="background:rgb(${classColour(label).join(",")})"></span>${escapeHtml(name)}`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${CSS}</style>
<h1>${escapeHtml(title)}</h1>
${htmlNote(aboutSegmentation(segmentation))}
${htmlTable(["", ...SCORE_TITLES], scoreRows(segmentation))}
${htmlNote("Frozen features; IoU: intersection over union of all test pixels together, mean over the classes that occur. Scored is what the encoder sees: the centre square of each image.")}
<h2>Test images</h2>
${htmlPng(sheet, "Test images, their masks, and the predicted ones")}
<p>${keys.join("")}</p>
<h2>IoU of each class, linear probe</h2>
${htmlTable(["", ...titles], rows)}
</html>
`;
}
