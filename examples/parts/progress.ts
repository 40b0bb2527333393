/** The time that a demo has taken so far: `1:05`. */
export function stopwatch(): () => string {
  const began = performance.now();
  return () => {
    const seconds = Math.round((performance.now() - began) / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
}

let shownAt = 0;

/** A bar, at most once a second; where nobody watches, a line at the end. */
export function bar(what: string, done: number, total: number): void {
  if (performance.now() - shownAt < 1000 && done < total) return;
  shownAt = performance.now();
  const line = `      ${"█".repeat(Math.round((24 * done) / total)).padEnd(24, "░")} ${what} ${done}/${total}`;
  process.stdout.write(process.stdout.isTTY ? `\r${line}   ` : done < total ? "" : `${line}\n`);
}
