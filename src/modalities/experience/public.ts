/**
 * What recorded experience is made of, for methods that read it; recording it, and acting with what was learned.
 * @module autodidact/experience
 */
export {
  nearby,
  type Outcome,
  type Outcomes,
  outcome,
  type Transition,
  type Transitions,
  transition,
} from "./abilities.ts";
export { type ActOptions, type Actor, act } from "./acting/act.ts";
export { type Film, filmOf } from "./acting/film.ts";
export { heatMap, type Raster } from "./acting/heat-map.ts";
export { measuresOf } from "./acting/measures.ts";
export { type Planner, plannerOf, type Thought } from "./acting/planner.ts";
export { type Played, type PlayOptions, play } from "./acting/play.ts";
export { type Collected, type CollectOptions, type CollectProgress, collect } from "./collect/collect.ts";
export type { Acting } from "./collect/policy.ts";
export { featuresOf, inverseModel, vectorOf, widthOf } from "./methods/parts/dynamics.ts";
export { ExperienceOptions } from "./options.ts";
export type { ExperienceSample } from "./sample.ts";
