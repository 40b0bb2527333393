import { completing } from "../../../cli/language/complete.ts";

export const configure = completing({
  text: "a SMILES with masks (CC(=O)[MASK]c1ccccc1), or its beginning",
  examples: [
    'autodidact molecule complete runs/smiles "CC(=O)[MASK]c1ccccc1"',
    'autodidact molecule complete runs/generator "c1ccc(" --temperature 0.8',
  ],
});
