import { series } from "../../src/modalities/series/index.ts";
import { conform } from "./conform.ts";
import { seriesSpecimen } from "./series-specimen.ts";

conform(series, (folder) => seriesSpecimen(folder, { wave: { kernels: [4, 3], strides: [2, 2] } }));
