import * as z from "zod";
import { environment } from "./environment.ts";
import { families } from "./grasp/objects.ts";
import { acrossPolicy, planning, randomPolicy } from "./grasp/planning.ts";
import { Table } from "./grasp/table.ts";
import { simulators } from "./mujoco/simulator.ts";

const options = z.object({
  objects: z.int().min(1).max(12).optional().describe("objects on the table; 3, in a bin 8"),
  bin: z
    .boolean()
    .default(false)
    .describe("a bin to clear: walls, and 12 attempts an episode; what was lifted is taken away"),
  attempts: z.int().min(1).max(100).optional().describe("attempts an episode; 1, in a bin 12"),
  families: z
    .array(z.enum(families))
    .min(1)
    .default([...families])
    .describe("kinds of objects, by default all; hold one out to see what is learned of the others"),
});

/**
 * Grasping from one depth image by trial and error, after Pinto & Gupta 2015, https://arxiv.org/abs/1509.06825: random objects
 * on a table, a camera above it, a two-finger gripper on a gantry that opens 68 mm. An action is the place of a grasp in the
 * image, from −1 to 1 with `x` to the right and `y` upwards, and the `angle` of the line along which the fingers close, in radians
 * counter-clockwise from the x-axis. The gripper comes down there, closes with 10 N and lifts. The reward, and success, is what it
 * feels itself: 1 if after lifting the fingers are held apart. `info.lifted` is the truth.
 */
export const grasp = environment({
  name: "grasp",
  summary: "lift an object seen in a depth image from above; rewarded when the closed fingers are held apart",
  source: "https://arxiv.org/abs/1509.06825",
  options,
  make: async ({ bin, objects = bin ? 8 : 3, attempts = bin ? 12 : 1, families }) =>
    new Table(await simulators(), { bin, objects, attempts, families }),
  success: "held",
  truth: "lifted",
  measures: {
    "objects lifted": (ends) => ends.reduce((sum, { cleared = 0 }) => sum + cleared, 0) / ends.length,
    "own label right": (ends) => ends.filter(({ held, lifted }) => held === lifted).length / ends.length,
  },
  planning: () => planning,
  baselines: { random: () => randomPolicy, "hand-written": () => acrossPolicy },
});
