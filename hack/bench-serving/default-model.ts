import type { Config } from '../config.ts';
import type { BenchModel } from './contender.ts';

export async function defaultModel(
  _dir: string,
  _config: Config,
  _say: (line: string) => void,
): Promise<BenchModel> {
  throw new Error('not yet');
}
