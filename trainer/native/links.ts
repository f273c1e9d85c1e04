/** What the NVIDIA container runtime brings from the node: the image must not hold it. */
const fromTheNode = [/^libcuda\.so\.1$/, /^libnvidia-ml\.so\.1$/];

/** The libraries that ldd's output calls "not found", except for the driver's. */
export function missingLibraries(ldd: string): string[] {
  const missing = ldd
    .split('\n')
    .map((line) => /^\s*(\S+) => not found/.exec(line)?.[1])
    .filter((library) => library !== undefined);
  return [...new Set(missing)].filter((library) => !fromTheNode.some((own) => own.test(library)));
}
