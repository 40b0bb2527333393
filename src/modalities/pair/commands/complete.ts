import { wholeNumber } from "../../../cli/numbers.ts";
import { columns, print, printJson } from "../../../cli/output.ts";
import type { Configure } from "../../../cli/table.ts";
import { pictureSheet } from "../../../evaluation/drawing/picture-sheet.ts";
import { UserError } from "../../../foundation/errors.ts";
import { prepareOutput, writeOutput } from "../../../foundation/outputs.ts";
import { openRun } from "../../../training/run/run.ts";
import { completePair, type Region } from "../complete.ts";

interface Flags {
  readonly top: string;
  readonly hide?: string;
  readonly where?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

const HALVES: Readonly<Record<string, Region>> = {
  left: { x: 0, y: 0, width: 0.5, height: 1 },
  right: { x: 0.5, y: 0, width: 0.5, height: 1 },
  top: { x: 0, y: 0, width: 1, height: 0.5 },
  bottom: { x: 0, y: 0.5, width: 1, height: 0.5 },
};

/** @throws UserError when it is neither half of a picture nor four numbers */
function regionOf(text: string): Region {
  if (Object.hasOwn(HALVES, text)) return HALVES[text]!;
  const [x = Number.NaN, y = Number.NaN, width = Number.NaN, height = Number.NaN, ...rest] = text
    .split(",")
    .map(Number);
  const isRegion = [x, y, width, height].every((one) => one >= 0 && one <= 1) && width > 0 && height > 0;
  if (isRegion && rest.length === 0) return { x, y, width, height };
  throw new UserError(
    `--hide ${text.slice(0, 60)}: must be ${Object.keys(HALVES).join(", ")}, or x,y,width,height in shares such as 0.5,0,0.5,0.5`,
  );
}

export const configure: Configure = (command) =>
  command
    .argument("<run>", "run folder of a method on images with captions (m3ae, icmlm, region-from-caption)")
    .argument("<picture>", "image file")
    .argument("<text>", 'its caption, with masks ("two [MASK] squares") for words to predict')
    .option("--top <count>", "candidates for each mask", "5")
    .option(
      "--hide <part>",
      "part of the picture to predict from the caption: left, right, top, bottom, or x,y,width,height in shares",
    )
    .option("--out <file>", "PNG for the picture with the part hidden, and predicted; completed.png by default")
    .option("--where", "point at what the text names (region-from-caption with --point-weight)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      [
        "\nExamples:",
        '  autodidact pair complete runs/joint picture.png "two [MASK] squares"',
        '  autodidact pair complete runs/joint picture.png "two red squares" --hide left --out completed.png',
      ].join("\n"),
    )
    .action(async (path: string, image: string, text: string, { top, hide, where, out, json }: Flags) => {
      if (out !== undefined && hide === undefined)
        throw new UserError("--out is for the picture of a part that is predicted; name the part with --hide");
      const region = hide === undefined ? undefined : regionOf(hide);
      const file = region && (out ?? "completed.png");
      if (file) await prepareOutput(file);
      const completion = await completePair({
        ...{ run: await openRun(path), image, text, top: wholeNumber("top", top) },
        ...(region ? { hide: region } : {}),
        ...(where ? { where } : {}),
      });
      if (file && completion.region) {
        const { picture, hidden, predicted } = completion.region;
        await writeOutput(file, [
          await pictureSheet({
            title: completion.text,
            columns: ["picture", "hidden", "predicted"],
            rows: [[picture, hidden, predicted]],
          }),
        ]);
      }
      const { region: _, ...rest } = completion;
      if (json) return printJson({ ...rest, ...(file ? { file } : {}) });
      for (const [at, candidates] of (completion.masks ?? []).entries()) {
        if (completion.masks!.length > 1) print(`mask ${at + 1}`);
        print(columns(candidates.map(({ token, probability }) => [`${(100 * probability).toFixed(1)} %`, token])));
      }
      print(completion.text);
      if (completion.where) {
        const { x, y, probability } = completion.where;
        print(`at ${x.toFixed(2)}, ${y.toFixed(2)} of the square: ${(100 * probability).toFixed(1)} %`);
      }
      if (file) print(file);
    });
