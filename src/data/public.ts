/**
 * The definition of a kind of data, shared abilities, kinds of labels, and the errors to throw.
 * The built-in kinds and the reading of tables are in `autodidact`: nothing here needs Node.
 * @module autodidact/data
 */
export * as bounds from "../foundation/bounds.ts";
export { BrokenSample, UserError } from "../foundation/errors.ts";
export {
  type Ability,
  ability,
  type By,
  encoderAbility,
  type Offered,
  offerOf,
  offers,
  type Side,
} from "./ability.ts";
export * from "./answers.ts";
export type { Features } from "./features.ts";
export { describeLeftOut, type LeftOut, type Reason } from "./files/left-out.ts";
export * from "./graph.ts";
export * from "./modality.ts";
export * from "./parts/part.ts";
export * from "./patch-side.ts";
export * from "./picture.ts";
export * from "./reads.ts";
export * from "./sides.ts";
export * from "./source.ts";
export * from "./targets/ability.ts";
export * from "./targets/scales.ts";
export * from "./time.ts";
export { UNLABELLED } from "./tokens/labels.ts";
export { units } from "./tokens/units.ts";
export * from "./views.ts";
export * from "./vocabulary.ts";
