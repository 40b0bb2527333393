/**
 * The order of an epoch's entries so that no batch holds two of one key. An entry that would be the second waits for the next batch;
 * a batch that cannot be filled otherwise takes entries again that an earlier one had, and what still waits in the end is left
 * out of this epoch.
 * @param order positions in a random order
 * @param keyOf the key of a position
 * @returns positions, batch after batch: as many whole batches as fit the number of entries
 * @throws Error when there are fewer keys than a batch has entries
 */
export function batchesOfKeys(order: Int32Array, keyOf: (position: number) => number, batchSize: number): Int32Array {
  const batches = Math.floor(order.length / batchSize);
  const result = new Int32Array(batches * batchSize);
  let waiting: number[] = [];
  let next = 0;
  for (let batch = 0; batch < batches; batch++) {
    const keys = new Set<number>();
    let count = 0;
    const add = (position: number): boolean => {
      const key = keyOf(position);
      if (count === batchSize || keys.has(key)) return false;
      keys.add(key);
      result[batch * batchSize + count++] = position;
      return true;
    };
    waiting = waiting.filter((position) => !add(position));
    for (; count < batchSize && next < order.length; next++) if (!add(order[next]!)) waiting.push(order[next]!);
    for (let again = 0; count < batchSize && again < order.length; again++) add(order[again]!);
    if (count < batchSize) throw new Error(`${count} keys are too few for a batch of ${batchSize}`);
  }
  return result;
}
