/** `12,345`. */
export const grouped = (value: number): string => Math.round(value).toLocaleString("en-US");

/** `12.3 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
