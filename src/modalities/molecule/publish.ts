import { offerOf } from "../../data/ability.ts";
import { vocabulary } from "../../data/vocabulary.ts";
import { languageLayout } from "../../evaluation/language/hub/language.ts";
import { tokenPublisher } from "../../evaluation/language/hub/publish.ts";
import { plainPublisher } from "../../interop/plain.ts";
import type { Publisher } from "../../interop/publisher.ts";
import { atomFeatures, bondFeatures } from "./rdkit/codes.ts";

/** Models of SMILES, as those of texts: BERT's or GPT-2's files if the encoder is one of them. */
const ofSmiles = tokenPublisher({
  layout: languageLayout,
  examples: { whole: "CC(=O)Oc1ccccc1C(=O)O", masked: "CC(=O)[MASK]c1ccccc1", beginning: "CC(=O)N" },
});

const GRAPH_INPUTS = `\`nodes\` has a row for each atom (${atomFeatures.join(", ")}: OGB's numbers of \`atom_to_feature_vector\` and 2), \`edges\` one for each bond (the two atoms' rows, then ${bondFeatures.join(", ")}: those of \`bond_to_feature_vector\` and 2); rows that are left over are 0.`;

/** Plain ONNX for graphs, Hugging Face's layout for SMILES. */
export const moleculePublisher: Publisher = {
  describe(model) {
    if (offerOf(model.modality, vocabulary)) return ofSmiles.describe(model);
    const plain = plainPublisher.describe(model);
    return { ...plain, usage: { ...plain.usage, warning: GRAPH_INPUTS } };
  },
  feeds: (inputs) => ("ids" in inputs ? ofSmiles.feeds(inputs) : plainPublisher.feeds(inputs)),
};
