import { UserError } from "../foundation/errors.ts";

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
/** Of grey, and of channels that are no colours. */
const middle = (channels: number) => ({
  mean: Array.from({ length: channels }, () => 0.5),
  std: Array.from({ length: channels }, () => 0.5),
});

/** Mean and standard deviation of each channel, of values in [0, 1]. */
interface Statistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * How pixels are normalised: as the options say, else ImageNet's statistics, or 0.5 for any other number of channels.
 * @throws UserError unless there is one number for each channel, or one for all
 */
export function statisticsOf({
  channels,
  ...options
}: {
  readonly channels: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}): Statistics {
  const fallback = channels === 3 ? IMAGENET : middle(channels);
  const ofEach = (values: readonly number[]) =>
    values.length === 1 ? Array.from({ length: channels }, () => values[0]!) : values;
  const mean = ofEach(options.mean ?? fallback.mean);
  const std = ofEach(options.std ?? fallback.std);
  if (mean.length !== channels || std.length !== channels)
    throw new UserError(
      `mean and std need one number for each of the ${channels} channels, and there are ${mean.length} and ${std.length}; images of another number of channels (--channels) cannot be read as ${channels}`,
    );
  return { mean, std };
}
