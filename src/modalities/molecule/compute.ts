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
  if (smiles.length === 0) throw new UserError("none of the molecules can be read");
  // RDKit reads some molecules whose descriptors it cannot compute.
  const rows = await Promise.all(smiles.map((one) => rdkitDescriptors(one).catch(skipBroken)));
  const known = rows.findIndex((row) => row !== undefined);
  if (known < 0) throw new UserError("the descriptors of none of the molecules can be computed");
  const names = (await rdkitText("descriptorNames", smiles[known]!)).split(" ");
  const scales = scalesOf(rows.filter((row) => row !== undefined));
  return { [DESCRIPTORS_FILE]: `${JSON.stringify({ names, scales }, null, 1)}\n` };
}
