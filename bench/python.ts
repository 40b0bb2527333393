import { execFileSync } from "node:child_process";

/** The Python that can import the module: the system's before whichever comes first on the path. */
export const pythonWith = (module: string): string | undefined =>
  ["/usr/bin/python3", "python3"].find((candidate) => {
    try {
      execFileSync(candidate, ["-c", `import ${module}`], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
