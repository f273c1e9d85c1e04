/** For tests: an operator in this process, with nothing of its own to say. */
import { pino } from 'pino';
import type { Connection } from './kube/connection.ts';
import { type Operator, type OperatorOptions, startOperator } from './operator.ts';

/** An operator that is alone. */
export const testConfig: OperatorOptions['config'] = {
  images: { trainer: 'r/trainer:1', snapshot: 'r/snapshot:1', inference: 'r/inference:1' },
  imagePullPolicy: 'IfNotPresent',
  port: 0,
  pod: 'operator-0',
};

export function startTestOperator(
  connection: Connection,
  options: Partial<OperatorOptions> = {},
): Promise<Operator> {
  return startOperator({
    config: testConfig,
    connection,
    version: 'test',
    log: pino({ level: 'silent' }),
    timing: { baseDelayMs: 50, maximumDelayMs: 1_000 },
    ...options,
  });
}
