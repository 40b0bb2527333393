/*
 * OGB's features of atoms and bonds (Hu et al. 2020, https://arxiv.org/abs/2005.00687, ogb/utils/features.py), as codes: its
 * number of a value and 2, since 0 is padding and 1 an atom of which nothing is known.
 */

/** Values of each feature of an atom, the last one of all but the last two for any other value. */
export const ATOM = {
  /** 1 to 118 */
  element: 119,
  /** unspecified, clockwise, counter-clockwise, other */
  chirality: 5,
  /** 0 to 10, hydrogens counted */
  degree: 12,
  /** −5 to 5 */
  charge: 12,
  /** 0 to 8 */
  hydrogens: 10,
  /** 0 to 4 */
  radicals: 6,
  /** SP, SP2, SP3, SP3D, SP3D2 */
  hybridisation: 6,
  aromatic: 2,
  inRing: 2,
} as const;
/** Single, double, triple, aromatic, other; stereo none, Z, E, cis, trans, any; whether conjugated. */
export const BOND = { type: 5, stereo: 6, conjugated: 2 } as const;

/** Codes that every column has: padding, and unknown. */
export const RESERVED = 2;
export const atomFeatures: readonly string[] = Object.keys(ATOM);
export const bondFeatures: readonly string[] = Object.keys(BOND);
/** Codes of each column. */
export const nodeSizes: readonly number[] = Object.values(ATOM).map((values) => values + RESERVED);
export const edgeSizes: readonly number[] = Object.values(BOND).map((values) => values + RESERVED);

/** Bits of ECFP4, the fingerprint that molecules are usually compared by, and of the MACCS keys, the first of which is unused. */
export const MORGAN_BITS = 2048;
export const MACCS_KEYS = 167;
