import { Rng } from "../../array/rng.ts";
import { actionsLeft, type Experience } from "./sample.ts";
import { arraysOf, episodeAt, OF_EPISODE } from "./sources/store.ts";

/**
 * The actions after a frame, `[horizon × size]`. After the end of the episode they are those of another one, from somewhere in
 * it, so that a plan does not tell how it ended. Which one depends on the frame alone.
 */
export function planAfter(sample: Experience, horizon: number): Float32Array {
  const { store, row } = sample;
  const { size } = store.action;
  const { actions, episodes } = arraysOf(store);
  const plan = new Float32Array(horizon * size);
  const here = Math.max(0, Math.min(horizon, actionsLeft(sample)));
  plan.set(actions.subarray(row * size, (row + here) * size));
  const count = episodes.length / OF_EPISODE;
  const rng = new Rng(row).split("plan");
  for (let done = here; done < horizon; ) {
    const { first, steps } = episodeAt(store, rng.integer(0, count - 1));
    const from = rng.integer(0, Math.max(0, steps - (horizon - done)));
    const taken = Math.min(horizon - done, steps - from);
    const found = actions.subarray((first + from) * size, (first + from + taken) * size);
    if (taken < 1) break;
    plan.set(
      found.map((value) => (Number.isNaN(value) ? 0 : value)),
      done * size,
    );
    done += taken;
  }
  return plan;
}
