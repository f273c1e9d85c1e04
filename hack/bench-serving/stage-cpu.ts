/** Stages that a request is there for; the rest is what serving costs. */
const useful = ['decode', 'infer'];

/**
 * CPU seconds that the service's workers have spent in decoding and inference, by their own threads' clocks
 * (`shelfwise_inference_stage_cpu_seconds_total`); undefined where it does not tell.
 */
export async function stageCpu(port: number): Promise<number | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const seconds = useful.map((stage) => {
    const name = `shelfwise_inference_stage_cpu_seconds_total{stage="${stage}"}`;
    const line = text.split('\n').find((each) => each.startsWith(name));
    return line === undefined ? undefined : Number(line.slice(name.length));
  });
  if (seconds.some((each) => each === undefined)) return undefined;
  return seconds.reduce<number>((sum, each) => sum + (each as number), 0);
}
