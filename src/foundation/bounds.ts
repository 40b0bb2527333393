import * as z from "zod";

/*
 * Options that are sizes. A run's config.json may come from anybody, so each has a limit: above everything published, and
 * low enough that a larger one is refused before memory is asked for.
 */

/** Width of a layer, or of what is in it: a head, a code, channels. */
export const width = () => z.int().positive().max(16_384);

/** Number of layers or blocks. */
export const depth = () => z.int().positive().max(512);

/** Number of vectors that are kept or learned: prototypes, codes, a queue's keys. */
export const count = () =>
  z
    .int()
    .positive()
    .max(2 ** 20);

/** Side of an image, in pixels. */
export const side = () => z.int().positive().max(2048);

/** Small numbers of things that are each computed: views, crops, iterations. */
export const repeats = () => z.int().positive().max(1000);

/** A width over another. */
export const ratio = () => z.number().positive().max(64);
