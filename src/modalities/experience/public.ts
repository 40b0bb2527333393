/**
 * What recorded experience is made of, for methods that read it, and acting with what they learned.
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
export { type Planner, plannerOf, type Thought } from "./acting/planner.ts";
export { type Played, type PlayOptions, play } from "./acting/play.ts";
export { ExperienceOptions } from "./options.ts";
export type { ExperienceSample } from "./sample.ts";
