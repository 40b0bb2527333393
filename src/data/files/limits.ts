/** Packed data of more than `SMALL` unpacked bytes may not unpack to more than this many times their packed size. */
export const RATIO = 200;
export const SMALL = 64 * 2 ** 20;

/** Whether that many packed bytes are a bomb: they unpack to far more than data do. */
export const isBomb = (packed: number, unpacked: number): boolean => unpacked > SMALL && unpacked > RATIO * packed;
