/** erf by its Taylor series, and 1 − erf by its continued fraction where the series cancels. */
export function erf(x: number): number {
  return Math.abs(x) < 3 ? series(x) : Math.sign(x) * (1 - tail(Math.abs(x)));
}
export function erfc(x: number): number {
  return x < 3 ? 1 - erf(x) : tail(x);
}
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
function tail(x: number): number {
  let fraction = 0;
  for (let n = 80; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
}
