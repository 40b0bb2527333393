import { series } from "../../src/modalities/series/index.ts";
import { conform } from "./conform.ts";
import { seriesSpecimen } from "./series-specimen.ts";

// With the encoder that sees each channel by itself wherever a method takes it.
conform(series, (folder) =>
  seriesSpecimen(folder, { patchtst: { patchLength: 8 }, wave: { kernels: [4, 3], strides: [2, 2] } }),
);
