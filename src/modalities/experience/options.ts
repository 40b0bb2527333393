import * as z from "zod";
import * as bounds from "../../foundation/bounds.ts";

/** How recorded experience is read, and views of it made. */
export const ExperienceOptions = z.object({
  observation: z
    .array(z.string().min(1).max(1000))
    .max(64)
    .default([])
    .describe(
      "observations that the encoder reads, by name: one image, or vectors; by default the first image, else all vectors",
    ),
  imageSize: bounds
    .side()
    .default(64)
    .describe("side of the encoder's square input, in pixels, where it reads an image"),
  horizon: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe("actions of a plan, and between the two observations of a transition"),
  ends: z
    .boolean()
    .default(true)
    .describe(
      "learn from the last frames of episodes that ended by their own rules, too, though fewer than `horizon` actions follow",
    ),
  patch: z
    .number()
    .min(0)
    .max(2048)
    .default(0)
    .describe(
      "side of the part of an image around the place of an action (x, y, angle) that the encoder reads, in the image's pixels; 0: the whole image",
    ),
  mirror: z
    .boolean()
    .default(true)
    .describe("mirror patches at random in views, as a gripper does the same from both sides"),
  shift: z.number().min(0).max(256).default(4).describe("most pixels of the encoder's input that a view is shifted by"),
  cropScale: z
    .tuple([z.number(), z.number()])
    .refine(([least, most]) => 0 < least && least <= most && most <= 1, {
      message: "two ascending numbers above 0 and up to 1",
    })
    .default([0.5, 1])
    .describe("area of a strongly changed view, as a share of the image"),
  noise: z.number().min(0).max(2).default(0.1).describe("deviation of the noise in views, over the data's"),
});

export type ExperienceOptions = z.infer<typeof ExperienceOptions>;
