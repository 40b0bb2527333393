import type { Picture } from "../../data/picture.ts";
import { skipBroken } from "../../foundation/errors.ts";
import type { Molecule } from "./molecule.ts";
import { rdkitText } from "./rdkit/service.ts";

/** The molecule, which can be drawn. */
export const drawable = (molecule: Molecule): Molecule => ({ ...molecule, draw: () => drawMolecule(molecule.smiles) });

/** The structural formula of a molecule as RDKit draws it, 320 × 240; undefined if it cannot be drawn. */
async function drawMolecule(smiles: string): Promise<Picture | undefined> {
  const svg = await rdkitText("draw", smiles).catch(skipBroken);
  if (svg === undefined) return undefined;
  // Loaded with the first drawing: most programs draw none.
  const { loadSharp } = await import("../../interop/sharp.ts");
  const sharp = await loadSharp();
  const { data, info } = await sharp(Buffer.from(svg)).flatten({ background: "white" }).raw().toBuffer({
    resolveWithObject: true,
  });
  return { width: info.width, height: info.height, rgb: new Uint8Array(data) };
}
