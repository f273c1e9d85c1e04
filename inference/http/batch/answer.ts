import { setTimeout as sleep } from 'node:timers/promises';
import { batchIdSchema } from '@shelfwise/inference-contract';
import { OverloadError } from '../../engine/errors.ts';
import type { Prediction } from '../../engine/item.ts';
import { asProblem } from '../errors.ts';
import { check } from '../input.ts';
import { parseJson } from '../json.ts';
import { type PredictQuestion, questionOf } from '../predict-request.ts';
import { predictionJson } from '../predict-response.ts';
import { Problem } from '../problems.ts';
import type { Loaded } from '../service.ts';
import type { Line } from './lines.ts';

export interface Answering {
  loaded: Loaded;
  requestId: string;
  /** Does what is of use only while the caller is there, with a signal that says when it has gone. */
  whileHere: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** Resolves when the product may be asked for; what it gives is called when it is answered. */
  turn: () => Promise<() => void>;
}

type Id = string | number | null;

/** The answer's line for a line of the request: a prediction, or the problem that there is in place of it. Never rejects. */
export async function answerLine(line: Line, answering: Answering): Promise<string> {
  let id: Id = null;
  try {
    const { loaded } = answering;
    const question = readLine(line, (seen) => {
      id = seen;
    });
    const prediction = await ask(question, answering);
    return lineOf(
      line.number,
      id,
      'prediction',
      predictionJson(loaded.served, prediction, question.top),
    );
  } catch (error) {
    const problem = asProblem(error).document(answering.requestId);
    return lineOf(line.number, id, 'problem', JSON.stringify(problem));
  }
}

const lineOf = (line: number, id: Id, name: string, json: string) =>
  `{"line":${line},"id":${JSON.stringify(id)},"${name}":${json}}\n`;

/** What a line asks. `onId` is told the id, also where the rest of the line is wrong. */
function readLine({ content }: Line, onId: (id: Id) => void): PredictQuestion {
  if (content instanceof Problem) throw content;
  const document = parseJson(content, 'line');
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    const detail = 'The line is no JSON object: send one product a line.';
    throw new Problem('unusable-part', detail, { part: 'line' });
  }
  const { id, ...rest } = document as Record<string, unknown>;
  onId(check(batchIdSchema, id, 'id') ?? null);
  return questionOf(rest);
}

/** A batch has time: where the queue is full it waits, and asks again, as long as its caller is there. */
async function ask({ item }: PredictQuestion, answering: Answering): Promise<Prediction> {
  const { loaded, whileHere, turn } = answering;
  const done = await turn();
  try {
    while (true) {
      try {
        return await whileHere((signal) => loaded.engine.predict(item, { signal }));
      } catch (error) {
        if (!(error instanceof OverloadError)) throw error;
        await sleep(Math.min(1_000, Math.max(50, error.retryAfterMs)));
      }
    }
  } finally {
    done();
  }
}
