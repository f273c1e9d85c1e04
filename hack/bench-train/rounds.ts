import { startLineProgram } from '../process/line-program.ts';

/** A round of steps, as both sides tell it: the steps that warm up are not counted. */
export interface Round {
  seconds: number;
  cpuSeconds: number;
  /** Mean over all steps of the round, from parameters of 0: equal on both sides, or they are not the same model. */
  loss: number;
}

export interface RoundSettings {
  warmup: number;
  steps: number;
  learningRate: number;
  /** The weight of L2. */
  decay: number;
}

/** A process that fits when it is asked to, and waits in between. */
export interface Side {
  name: string;
  round(settings: RoundSettings): Promise<Round>;
  close(): Promise<void>;
}

/** Starts a program that answers the settings of a round by the round; resolves when it is ready. */
export async function startSide(
  name: string,
  command: string[],
  env: NodeJS.ProcessEnv,
): Promise<Side> {
  const program = await startLineProgram(name, command, env);
  return { name, round: (settings) => program.ask(settings), close: program.close };
}
