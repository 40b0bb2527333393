import type { Environment, Policy } from "../../../environments/environment.ts";
import { encoded } from "../../../evaluation/drawing/player.ts";
import { UserError } from "../../../foundation/errors.ts";
import { writeAtomically } from "../../../foundation/files.ts";
import { heatMap, type Raster } from "./heat-map.ts";
import type { Planner } from "./planner.ts";

/** Frames of a film; later ones are left out. */
const MOST_FRAMES = 600;
/** Moments of a long action that become a frame: every second. */
const EVERY = 2;
/** Frames that the end of an episode stands still. */
const HOLD = 8;
/** Side of each half, in pixels. */
const SIDE = 256;
/** Times that candidates are drawn for a heat map. */
const DRAWS = 5;

/** Films a policy: the scene, and beside it where it looked and what it predicted, if it plans places in an image. */
export interface Film {
  /** The policy, watched. */
  readonly policy: Policy;
  /** At the start of an episode, and after every action. */
  onStart(): void;
  onStep(): void;
  readonly rasters: readonly Raster[];
  /** Animated WebP. @throws UserError when nothing was filmed */
  write(path: string): Promise<void>;
}

/**
 * Films the first episodes of a policy.
 * @throws UserError when the environment cannot be drawn
 */
export function filmOf(
  environment: Environment,
  policy: Policy | Planner,
  { episodes, delay = 40 }: { readonly episodes: number; readonly delay?: number },
): Film {
  const { render } = environment;
  if (!render) throw new UserError("--video: this environment cannot be drawn");
  const places = placesIn(environment);
  const rasters: Raster[] = [];
  let [episode, moment] = [0, 0];
  let beside: Raster | undefined;
  const isOn = () => episode <= episodes && rasters.length < MOST_FRAMES;
  const shoot = () => {
    if (!isOn()) return;
    const scene = { width: SIDE, height: SIDE, rgb: render.call(environment, SIDE, SIDE) };
    rasters.push(beside ? sideBySide(scene, beside) : scene);
  };
  const isPlanner = "think" in policy;
  const watched: Policy = {
    reset: (seed) => policy.reset?.(seed),
    async act(observation, rng) {
      if (!isPlanner || !places || !isOn()) return policy.act(observation, rng);
      // Further candidates come from a generator of their own: filmed or not, the same is done.
      const further = rng.split("film");
      const thought = await policy.think(observation, rng);
      const all = [thought];
      for (let draw = 1; draw < DRAWS; draw++) all.push(await policy.think(observation, further.split("draw", draw)));
      const success = Float32Array.from(all.flatMap((one) => [...one.success]));
      const map = { plans: all.flatMap(({ plans }) => plans), success, chosen: thought.chosen };
      beside = heatMap(observation[places.name]!, places.side, map, SIDE / places.side);
      return policy.begin(thought);
    },
  };
  environment.moment = () => {
    if (moment++ % EVERY === 0) shoot();
  };
  return {
    policy: watched,
    onStart() {
      episode += 1;
      beside = undefined;
    },
    onStep() {
      for (let still = 0; still < (moment > 0 ? HOLD : 1); still++) shoot();
      moment = 0;
    },
    rasters,
    async write(path) {
      const [first] = rasters;
      if (!first) throw new UserError(`--video ${path}: nothing was filmed`);
      const { width, height } = first;
      const rgb = new Uint8Array(rasters.length * width * height * 3);
      rasters.forEach((raster, at) => {
        rgb.set(raster.rgb, at * width * height * 3);
      });
      const { bytes } = await encoded({ rgb, width, height, count: rasters.length, delay });
      await writeAtomically(path, [bytes]);
    },
  };
}

/** The image on which actions have places, if there is one: a square of one channel whose side divides that of a film. */
function placesIn({ actionSpace, observationSpace }: Environment) {
  const names = actionSpace.kind === "box" ? (actionSpace.names ?? []) : [];
  const images = Object.entries(observationSpace).filter(
    ([, { shape }]) => shape.length === 3 && shape[0] === 1 && shape[1] === shape[2] && SIDE % shape[1]! === 0,
  );
  const [only] = images;
  if (!["x", "y", "angle"].every((name, at) => names[at] === name) || images.length !== 1 || !only) return undefined;
  return { name: only[0], side: only[1].shape[1]! };
}

/** Two images of the same size, with a white line between. */
function sideBySide(left: Raster, right: Raster): Raster {
  const gap = 4;
  const width = left.width + gap + right.width;
  const rgb = new Uint8Array(width * left.height * 3).fill(255);
  for (let row = 0; row < left.height; row++) {
    rgb.set(left.rgb.subarray(row * left.width * 3, (row + 1) * left.width * 3), row * width * 3);
    const start = (row * width + left.width + gap) * 3;
    rgb.set(right.rgb.subarray(row * right.width * 3, (row + 1) * right.width * 3), start);
  }
  return { width, height: left.height, rgb };
}
