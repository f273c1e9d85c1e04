/** For tests: one operator after the other in a namespace, the first of which is struck by one fault. */
import { pino } from 'pino';
import { ApiError } from './kube/api-error.ts';
import type { Connection } from './kube/connection.ts';
import { requestInfo } from './kube/request-info.ts';
import type { ApiRequest, Exchange, Transport } from './kube/transport.ts';
import { type Operator, type OperatorOptions, startOperator } from './operator.ts';

export interface Fault {
  /** Which write it is, from 1. */
  nth: number;
  /** Killed: this operator is heard of no more, and another one starts. */
  mode: 'killed before' | 'killed after' | 'answer lost';
}

export interface StruckOperator {
  /** Requests that were to write something. */
  writes(): number;
  /** What the API server did: `create jobs.batch` → 10. Events are not counted. */
  done: Record<string, number>;
  stop(): Promise<void>;
}

export function startTestOperator(
  connection: Connection,
  options: Partial<OperatorOptions> = {},
): Promise<Operator> {
  return startOperator({
    config: {
      images: { trainer: 'r/trainer:1', snapshot: 'r/snapshot:1', inference: 'r/inference:1' },
      imagePullPolicy: 'IfNotPresent',
      port: 0,
      pod: 'operator-0',
    },
    connection,
    version: 'test',
    log: pino({ level: 'silent' }),
    timing: { baseDelayMs: 50, maximumDelayMs: 1_000 },
    ...options,
  });
}

export function startStruckOperator(
  connection: Connection,
  namespace: string,
  fault?: Fault,
): StruckOperator {
  let writes = 0;
  let struck = false;
  const done: Record<string, number> = {};

  const observe = ({ verb, resource, code }: Exchange) => {
    const what = `${verb} ${resource}`;
    const counts = code >= 200 && code < 300 && /^(create|delete) (?!events)/.test(what);
    if (counts) done[what] = (done[what] ?? 0) + 1;
  };

  const intercept = (direct: Transport): Transport => {
    let dead = false;
    const gone = ({ method, path }: ApiRequest) =>
      new ApiError({
        ...requestInfo(method, path),
        status: 0,
        reason: 'Unreachable',
        message: 'no answer, says the test.',
      });
    const kill = () => {
      dead = true;
      const killed = operator;
      operator = killed.then((each) => each.stop()).then(start);
    };
    return {
      ...direct,
      async stream(request) {
        if (dead) throw gone(request);
        return direct.stream(request);
      },
      async request<T>(request: ApiRequest): Promise<T> {
        if (dead) throw gone(request);
        if (request.method !== 'GET') writes++;
        if (request.method === 'GET' || writes !== fault?.nth || struck)
          return direct.request<T>(request);
        struck = true;
        if (fault.mode === 'killed before') kill();
        else await direct.request<T>(request);
        if (fault.mode === 'killed after') kill();
        throw gone(request);
      },
    };
  };

  const start = () =>
    startTestOperator(connection, { namespaces: [namespace], intercept, observe });
  let operator = start();
  return {
    writes: () => writes,
    done,
    stop: async () => (await operator).stop(),
  };
}
