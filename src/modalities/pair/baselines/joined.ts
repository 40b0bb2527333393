import { offerOf } from "../../../data/ability.ts";
import type { Features } from "../../../data/features.ts";
import type { Extractor, Modality } from "../../../data/modality.ts";
import { sides } from "../../../data/sides.ts";
import type { Source } from "../../../data/source.ts";
import { kinds } from "../kinds.ts";
import type { PairSample } from "../pair.ts";
import { firstCaptionsIn, imagesIn } from "../sources/sides.ts";
import { colours } from "./colours.ts";

/** Rows of both that are of the same entries, side by side. */
function joined(left: Features, right: Features): Features {
  const places = new Map(Array.from(right.indices, (index, row) => [index, row]));
  const rows = [...left.indices.keys()].filter((row) => places.has(left.indices[row]!));
  const dim = left.dim + right.dim;
  const data = new Float32Array(rows.length * dim);
  for (const [at, row] of rows.entries()) {
    const other = places.get(left.indices[row]!)!;
    data.set(left.data.subarray(row * left.dim, (row + 1) * left.dim), at * dim);
    data.set(right.data.subarray(other * right.dim, (other + 1) * right.dim), at * dim + left.dim);
  }
  const { labels, classes } = left;
  return {
    ...{ data, dim, rows: rows.length, indices: Int32Array.from(rows, (row) => left.indices[row]!) },
    ...(labels && classes ? { labels: Int32Array.from(rows, (row) => labels[row]!), classes } : {}),
    broken: left.broken,
  };
}

/** What an expert would try first: colour statistics of the image and TF-IDF of its first caption, side by side. */
export async function joinedFeatures(
  modality: Modality<PairSample>,
  source: Source<PairSample>,
  most: number,
): Promise<Extractor> {
  const both = offerOf(modality, sides);
  if (!both) throw new Error(`${modality.name} data have no sides`);
  const image = colours(both.modality("image"));
  const text = await kinds.text.baseline(both.modality("text"), firstCaptionsIn(source), { most });
  return {
    name: "colours and TF-IDF",
    // Counts of tokens are sparse.
    standardized: false,
    async extract(data, onProgress) {
      // The modality's own source: the baseline of another kind would not come here.
      const pairs = data as Source<PairSample>;
      const left = await image.extract(imagesIn(pairs), onProgress);
      return joined(left, await text.extract(firstCaptionsIn(pairs)));
    },
  };
}
