import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { unzipSync } from "fflate";
import * as z from "zod";
import { type Features, offerOf, type Source, sides } from "../../src/data/public.ts";
import { type Encoder, sharedSpace } from "../../src/encoders/public.ts";
import { extractFeatures, type Run } from "../../src/index.ts";

/** Things that are asked for, evenly spread, and pictures that are shown of each. */
const [QUERIES, SHOWN] = [27, 6];

const Rows = z.array(z.object({ path: z.string(), caption: z.string(), key: z.string(), artist: z.string() }));

interface PageOptions {
  readonly run: Run;
  /** Where the demo's data are. */
  readonly folder: string;
  /** Who was tried, and how often the right picture was the first, and among ten. */
  readonly rows: readonly (readonly [name: string, first: string, ten: string])[];
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** The vectors of one side of the test pairs, in the space that both share; of length 1. */
async function vectorsOf({ encoder, modality, params }: Run, side: string, pairs: Source<unknown>) {
  const [both, space] = [offerOf(modality, sides), offerOf(encoder, sharedSpace)];
  if (!both || !space) throw new Error("not a run on pairs");
  const apply: Encoder["apply"] = (weights, inputs) => space.embed(weights, side, inputs);
  return extractFeatures({
    encoder: { ...encoder, embedDim: space.dim, apply },
    ...{ params, modality: both.modality(side) },
    source: { ...pairs, read: async (index) => both.samples(await pairs.read(index), side)[0] },
  });
}

/** Rows of the images, those nearest to a caption first. */
function nearest(images: Features, captions: Features, caption: number): number[] {
  const { dim } = images;
  const cosines = Array.from({ length: images.rows }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += images.data[row * dim + i]! * captions.data[caption * dim + i]!;
    return sum;
  });
  return [...cosines.keys()].sort((a, b) => cosines[b]! - cosines[a]!);
}

/** Writes a self-contained page: for captions of things never seen, the pictures of all artists that are nearest. */
export async function writePage(file: string, { run, folder, rows }: PageOptions): Promise<void> {
  const table = join(folder, "test.csv");
  const things = Rows.parse(parse(await readFile(table), { columns: true }));
  const pictures = unzipSync(await readFile(join(folder, "images.zip")));
  const pairs = await run.modalityDefinition.open(table);
  const [images, captions] = [await vectorsOf(run, "image", pairs), await vectorsOf(run, "text", pairs)];
  await pairs.close();
  const asked = [...Map.groupBy(things.keys(), (row) => things[row]!.key).values()];
  const lines: string[] = [];
  for (let at = 0; at < QUERIES; at++) {
    const [query = 0] = asked[Math.floor((at * asked.length) / QUERIES)]!;
    const { caption, key } = things[query]!;
    const found = nearest(images, captions, query).slice(0, SHOWN);
    const shown = found.map((row) => {
      const data = Buffer.from(pictures[things[row]!.path] ?? []).toString("base64");
      return `<img${things[row]!.key === key ? ' class="right"' : ""} alt="" src="data:image/webp;base64,${data}">`;
    });
    const [name = "", ...keywords] = caption.split(", ");
    lines.push(
      `<tr><th scope="row">${escaped(name)}<small>${escaped(keywords.join(", "))}</small></th><td>${shown.join("")}</td></tr>`,
    );
  }
  const score = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`);
  await writeFile(
    file,
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Things never seen, found by their names</title>
<style>
  body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 52rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  table { border-collapse: collapse; } th, td { text-align: left; padding: 0.3rem 1rem 0.3rem 0; font-weight: 500; }
  small { display: block; color: #5b6470; font-weight: 400; max-width: 18rem; }
  img { width: 48px; height: 48px; padding: 4px; border: 3px solid transparent; border-radius: 8px; }
  img.right { border-color: #009e73; }
</style>
<h1>Things never seen, found by their names</h1>
<p>The model learned from pictures of other things with their captions, for ${run.step} steps. Here are ${QUERIES} of ${asked.length} things that
it has not seen, every sixth, and the ${SHOWN} pictures nearest to their captions, of ${things.length} by three artists. Green: the thing that was asked for.</p>
<table><tr><th></th><th>the first</th><th>among 10</th></tr>
${score.join("\n")}
</table>
<table>
${lines.join("\n")}
</table>
<p><small>Pictures: Noto Emoji (Google, Apache-2.0), Twemoji (Twitter, Inc and other contributors, CC BY 4.0), Fluent Emoji (Microsoft, MIT), made
smaller. Names: Unicode CLDR.</small></p>
</html>
`,
  );
}
