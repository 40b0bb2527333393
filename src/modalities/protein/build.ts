import type { Rng } from "../../array/rng.ts";
import type { Shown, TensorRecord } from "../../data/modality.ts";
import type { Tokenized } from "../../data/tokens/listed.ts";
import type { ProteinOptions } from "./options.ts";
import { isTokenized, type Protein } from "./protein.ts";
import { proteinVocabulary } from "./vocabulary.ts";

/** Residues of a protein shown on pages and in tables. */
const SHOWN = 60;

/** Proteins with their options settled. Pure: it runs in every thread, and in a browser. */
export function buildProteins({ maxLength, cropMin, masking }: ProteinOptions) {
  const vocabulary = proteinVocabulary(maxLength);
  const spec = { dtype: "int32", shape: [maxLength] } as const;
  const { begin, end, pad, unknown } = vocabulary.ids;
  const silent = new Set([begin, end, pad, unknown]);
  return {
    name: "protein",
    specs: { ids: spec, mask: spec },
    tensors: (sample: Protein): TensorRecord => ({ ...vocabulary.encode(vocabulary.tokens(sample).ids) }),
    unseen: ({ ids }: TensorRecord) =>
      ids?.data.every((id) => silent.has(id)) ? "none of its letters is a residue that the encoder knows" : undefined,
    /** A random contiguous part, with some residues masked. */
    augment(sample: Protein, rng: Rng): Tokenized {
      const { ids, start, isCut } = vocabulary.part(sample, rng);
      const length = Math.max(1, Math.round(rng.uniform(cropMin, 1) * ids.length));
      const from = ids.length === 0 ? 0 : rng.integer(0, ids.length - length);
      const kept = ids.slice(from, from + length);
      for (let at = 0; at < kept.length; at++)
        if (!vocabulary.isSpecial(kept[at]!) && rng.chance(masking)) kept[at] = vocabulary.mask;
      return { ids: kept, start: start + from, isCut: isCut || from + length < ids.length };
    },
    /** The protein as it is, of a long one a random window. */
    perturb: (sample: Protein, rng: Rng): Tokenized => vocabulary.part(sample, rng),
    /** The residues. */
    units({ ids }: TensorRecord, view?: Protein): Int32Array {
      const start = view && isTokenized(view) ? view.start : 0;
      const tokens = ids?.data ?? new Int32Array();
      return Int32Array.from(tokens, (id, at) => (id === begin || id === end || id === pad ? -1 : start + at - 1));
    },
    vocabulary,
    maskToken: vocabulary.mask,
    show: (sample: Protein): Shown => ({ text: shown(sample, vocabulary.decode) }),
  } as const;
}

function shown(sample: Protein, decode: (ids: ArrayLike<number>) => string): string {
  const residues = isTokenized(sample) ? decode(sample.ids) : sample.residues;
  const name = isTokenized(sample) ? "" : sample.name.slice(0, 100);
  const excerpt = residues.length > SHOWN ? `${residues.slice(0, SHOWN)}…` : residues;
  const count = `${residues.length.toLocaleString("en")} ${residues.length === 1 ? "residue" : "residues"}`;
  return `${name && `${name}: `}${excerpt} (${count})`.replaceAll(/\s+/g, " ");
}
