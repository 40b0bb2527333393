import * as z from "zod";
import { conventions } from "./signal/spectrogram.ts";

const probability = (value: number) => z.number().min(0).max(1).default(value);
const range = (low: number, high: number) =>
  z.tuple([z.number(), z.number()]).refine(([least, most]) => low <= least && least <= most && most <= high, {
    message: `two ascending numbers from ${low} to ${high}`,
  });

/** How recordings are prepared and augmented. */
export const AudioOptions = z.object({
  rate: z
    .int()
    .min(1000)
    .max(192_000)
    .default(16000)
    .describe("sampling rate that recordings are converted to, in Hz; transformers.js' pipeline reads 16000"),
  window: z
    .number()
    .min(0.02)
    .max(60)
    .default(1)
    .describe("seconds that the encoder reads; longer recordings are cut into windows; by default nearly the longest"),
  hop: z
    .number()
    .min(0.01)
    .max(3600)
    .optional()
    .describe("seconds from the start of one window to the next; by default the window, so that they do not overlap"),
  input: z
    .enum(["spectrogram", "wave"])
    .default("spectrogram")
    .describe("what the encoder reads: a log-mel spectrogram, or the waveform; by default what it can read"),
  convention: z.enum(conventions).default("kaldi").describe("whose spectrogram: kaldi (AST's), whisper, librosa"),
  bands: z.int().min(8).max(256).default(64).describe("mel bands of the spectrogram"),
  mean: z.number().optional().describe("mean of the log-mel energies; measured by default"),
  std: z.number().positive().optional().describe("standard deviation of the log-mel energies; measured by default"),
  shift: z.number().min(0).max(1).default(0.2).describe("farthest that a view is shifted in time, over the window"),
  gain: z.number().min(0).max(40).default(6).describe("loudness of a view: ± this many dB"),
  speed: z.number().min(0).lt(1).default(0.1).describe("speed and pitch of a view: between 1 − speed and 1 + speed"),
  noise: probability(0.5).describe("probability that noise is added to a view"),
  snr: range(-20, 80).default([10, 40]).describe("how much louder than the noise a view is, in dB"),
  mix: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .describe("largest share of another recording that is mixed into a view (BYOL-A: 0.4)"),
  room: probability(0.2).describe("probability that a view sounds as in a room"),
  bandStop: probability(0.2).describe("probability that a band of frequencies is removed from a view"),
  cropScale: range(0.05, 1)
    .default([0.6, 1])
    .describe("share of the window and of the bands that a view shows, stretched to the whole"),
  timeMask: z
    .number()
    .min(0)
    .max(1)
    .default(0.15)
    .describe("widest mask in time of a view, over the window (SpecAugment)"),
  bandMask: z
    .number()
    .min(0)
    .max(1)
    .default(0.15)
    .describe("widest mask in frequency of a view, over the bands (SpecAugment)"),
});

export type AudioOptions = z.infer<typeof AudioOptions>;
