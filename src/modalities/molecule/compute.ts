import type { RunFiles } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { scalesOf } from "../../data/targets/scales.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import { DESCRIPTORS_FILE } from "./computed.ts";
import { isMolecule, type MoleculeSample } from "./molecule.ts";
import { rdkitBits, rdkitDescriptors, rdkitText } from "./rdkit/service.ts";

/** Molecules that the scales are measured on. */
const MEASURED = 2000;

/** All values of a molecule. About 4 ms. */
export async function computeAll(smiles: string): Promise<Float32Array> {
  const [morgan, maccs, descriptors] = await Promise.all([
    rdkitBits("morgan", smiles),
    rdkitBits("maccs", smiles),
    rdkitDescriptors(smiles),
  ]);
  return Float32Array.of(...morgan, ...maccs, ...descriptors);
}

/** Measures the descriptors of molecules, evenly spread over the data. */
export async function learnDescriptors(source: Source<MoleculeSample>): Promise<RunFiles> {
  const count = Math.min(MEASURED, source.length);
  const smiles: string[] = [];
  for (let probe = 0; probe < count; probe++) {
    const molecule = await source.read(Math.floor((probe * source.length) / count)).catch(skipBroken);
    if (molecule && isMolecule(molecule)) smiles.push(molecule.smiles);
  }
  if (smiles[0] === undefined) throw new UserError("none of the molecules can be read");
  const names = (await rdkitText("descriptorNames", smiles[0])).split(" ");
  const rows = await Promise.all(smiles.map(rdkitDescriptors));
  return { [DESCRIPTORS_FILE]: `${JSON.stringify({ names, scales: scalesOf(rows) }, null, 1)}\n` };
}
