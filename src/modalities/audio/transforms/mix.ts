/**
 * Another recording in the background of a sound: BYOL-A's mixup, which adds the energies of log-mel spectrograms
 * (https://arxiv.org/abs/2103.06695), on waveforms, whose energies add. Both are equally loud before.
 * @param share of the other, 0 to 1
 */
export function mixed(wave: Float32Array, other: Float32Array, share: number): Float32Array {
  let [own, foreign] = [0, 0];
  for (let at = 0; at < wave.length; at++) {
    own += wave[at]! ** 2;
    foreign += other[at]! ** 2;
  }
  if (foreign === 0 || share === 0) return wave;
  const [keep, add] = [Math.sqrt(1 - share), Math.sqrt((share * own) / foreign)];
  const result = new Float32Array(wave.length);
  for (let at = 0; at < wave.length; at++) result[at] = keep * wave[at]! + add * other[at]!;
  return result;
}
