/**
 * What methods may ask of images alone, and what their pages are written with.
 * @module autodidact/image
 */

export { type Image, withChannels } from "../../pixels/image.ts";
export {
  lab,
  type Region,
  type RegionOptions,
  region,
  rotate,
  type TileOptions,
  tiles,
} from "./abilities.ts";
export { colourBins, softEncode } from "./colour-bins.ts";
export { featureMap, pixelShape } from "./feature-map.ts";
export { labToRgb } from "./methods/lab.ts";
export { distantPermutations } from "./methods/permutations.ts";
export { ImageOptions } from "./options.ts";
