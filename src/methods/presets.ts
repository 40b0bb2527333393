/** The encoder of the `small` presets for convolutional networks: an epoch of 20,000 pictures in about half a minute. */
export const smallResnet = {
  encoder: "resnet",
  encoderOptions: { layers: "10", width: 24, stem: "stride2" },
} as const;
