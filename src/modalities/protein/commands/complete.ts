import { completing } from "../../../cli/language/complete.ts";

export const configure = completing({
  text: "residues with masks (MKTAY<mask>AKQR), or the beginning of a protein",
  examples: [
    'autodidact protein complete runs/proteins "MKTAYIAKQR<mask>ISFVKSHFSRQ"',
    "autodidact protein complete runs/generator MKTAYIAK --tokens 200 --temperature 0.8",
  ],
});
