import { graphs } from "../../data/graph.ts";
import { modality } from "../../data/modality.ts";
import { largestFirst } from "../../data/parts/part.ts";
import type { Source } from "../../data/source.ts";
import { targets } from "../../data/targets/ability.ts";
import { tokenizerJson } from "../../data/tokens/listed.ts";
import { augment, perturb } from "../../data/views.ts";
import { maskToken, paraphrase, TOKENIZER_FILE, vocabulary } from "../../data/vocabulary.ts";
import { UserError } from "../../foundation/errors.ts";
import { packedRoom } from "../../graphs/packing.ts";
import { buildMolecules } from "./build.ts";
import { computeAll, learnDescriptors } from "./compute.ts";
import { inferMolecules, noteLarger } from "./infer.ts";
import { isMolecule, isTokens, type MoleculeSample } from "./molecule.ts";
import { MoleculeOptions } from "./options.ts";
import { rdkitText } from "./rdkit/service.ts";
import { SMILES_TOKENS } from "./smiles/tokens.ts";
import { givenMolecule } from "./sources/given.ts";
import { openMolecules, recognisesMolecules } from "./sources/open.ts";
import { isPackedIndex, packedSource, packMolecules } from "./sources/packed.ts";
import { moleculeSource } from "./sources/source.ts";
import { isMoleculeIndex } from "./sources/store.ts";

/** Molecules: as graphs of atoms and bonds, or as the tokens of their SMILES. */
export const molecule = modality({
  name: "molecule",
  summary: "molecules: .smi, .sdf, .mol, table with a SMILES column",
  options: MoleculeOptions,
  defaultMethod: "simclr",
  defaultEncoder: "gin",
  small: {
    summary: "a GIN of width 128 whose layers are read side by side, or a Transformer of BERT's size mini",
    encoderOptions: { gin: { width: 128, pooling: "sum", jumping: "concat" }, transformer: { size: "mini" } },
    training: { epochs: 20, gradientClip: 1 },
  },
  abilities: [augment, perturb, graphs, vocabulary, maskToken, paraphrase, targets],
  inputs: { nodes: 2, edges: 2, ids: 1, mask: 1 },
  recognises: recognisesMolecules,
  open: openMolecules,
  async reopen(manifest, options = MoleculeOptions.parse({})): Promise<Source<MoleculeSample>> {
    if (isPackedIndex(manifest)) return packedSource(manifest, options);
    if (!isMoleculeIndex(manifest)) throw new Error("not the manifest of molecules");
    return moleculeSource(manifest, options.compute ? computeAll : undefined);
  },
  infer: inferMolecules,
  /** The tokens of SMILES are fixed; they are in the run for those who read runs and models. */
  async learn(source, options, onNote) {
    if (options.compute && options.pack && options.input === "graph")
      throw new UserError("values are computed of single molecules, not of packed samples; leave out --pack");
    if (onNote) await noteLarger(source, options, onNote);
    return {
      ...(options.input === "smiles" ? { [TOKENIZER_FILE]: tokenizerJson(SMILES_TOKENS) } : {}),
      ...(options.compute ? await learnDescriptors(source) : {}),
    };
  },
  async arrange(source, options, _files, onNote) {
    const { manifest } = source;
    if (!options.pack || options.input !== "graph" || !isMoleculeIndex(manifest)) return source;
    const packed = await packMolecules(manifest, options);
    const samples = packedSource(packed, options);
    onNote?.(
      `${samples.length.toLocaleString("en")} samples of up to ${packedRoom(options).maxNodes} atoms, from ${source.length.toLocaleString("en")} molecules`,
    );
    return samples;
  },
  build: buildMolecules,
  accepts: {
    text: (smiles) => givenMolecule(smiles),
    bytes: (bytes, name) => givenMolecule(new TextDecoder().decode(bytes), name),
    types: ["chemical/x-mdl-molfile", "chemical/x-daylight-smiles"],
  },
  /** The Bemis–Murcko scaffold; molecules without rings have the same. */
  async group(source, index) {
    const { smiles } = await source.read(index).then((sample: MoleculeSample) => {
      if (isMolecule(sample)) return sample;
      throw new Error("a view has no scaffold");
    });
    return rdkitText("scaffold", smiles);
  },
  splits: { scaffold: largestFirst },
  size: (sample) =>
    isTokens(sample) ? { amount: sample.ids.length, unit: "tokens" } : { amount: sample.graph.count, unit: "atoms" },
  async publish() {
    return (await import("./publish.ts")).moleculePublisher;
  },
  async baseline(built) {
    return (await import("./baseline.ts")).ecfp(built);
  },
});
