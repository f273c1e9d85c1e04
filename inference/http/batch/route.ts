import { Readable } from 'node:stream';
import { batchAnswerSchema, batchLimits, batchLineSchema } from '@shelfwise/inference-contract';
import { takesItsTime } from '../arrival.ts';
import { createByteBudget } from '../body.ts';
import { refuseOtherThan } from '../input.ts';
import { callersPresence } from '../presence.ts';
import { Problem } from '../problems.ts';
import { type Route, route, streamBody } from '../route.ts';
import { loadedModel, type ServiceState } from '../service.ts';
import type { Context } from '../state.ts';
import { answerLine } from './answer.ts';
import { inOrder } from './in-order.ts';
import { type Line, linesOf } from './lines.ts';
import { watchStall } from './stall.ts';
import { createTally } from './tally.ts';
import { createTurns } from './turns.ts';
import { whileHolds } from './while-holds.ts';

/** Of all batches together: apart from the budget of other requests, so that batches cannot use that up. */
const budgetBytes = 64 * 2 ** 20;
/** Of lines that wait for their answer, in one batch: beyond, nothing more is read. */
const aheadBytes = 8 * 2 ** 20;
const aheadLines = 64;
/** Answers that wait for a client to read them: some thousand. One that writes everything before it reads has as much. */
const unreadBytes = 2 ** 20;
/** What a worker takes at a time: of one caller, as much as keeps every worker at work. */
const turnsPerWorker = 8;

const type = 'application/x-ndjson';

/** `POST /v1/predict/batch`: predictions line by line, for as long as lines come. */
export function batchRoute(state: ServiceState, stallLimitMs: number): Route {
  const budget = createByteBudget(budgetBytes);
  const workers = () => Math.max(1, state.loaded?.engine.state().alive ?? 1);
  const turns = createTurns({
    ofOne: () => turnsPerWorker * workers(),
    ofAll: () => 2 * turnsPerWorker * workers(),
  });
  const batches = createTally();
  return route({
    method: 'post',
    path: '/v1/predict/batch',
    id: 'predictBatch',
    summary: 'The classes of many products',
    description: `One JSON document a line, in and out. Each line of the request is as the body of \`/v1/predict\`, with an \`id\` of your own; each product is answered with one line, in the order of the request, as soon as it is known. A line that cannot be answered has a problem in its answer, and the others go on. Once the token has expired or was revoked, the next line is answered with \`unauthenticated\` and is the last. Blank lines are left out.

Read while you write: answers that nobody reads hold up the reading of the request (after about ${unreadBytes / 2 ** 20} MiB of them), and a connection on which nothing moves for ${stallLimitMs / 1000} s is cut. A batch takes what single predictions leave of the machine, and may take as long as it takes. One caller may have ${batchLimits.perCaller} at a time.`,
    tag: 'predict',
    access: ['predict'],
    body: streamBody({
      [type]: {
        schema: batchLineSchema,
        example:
          '{"id":"a","designation":"Spade"}\n{"id":"b","designation":"Garden hose","top":1}\n',
      },
    }),
    responses: {
      200: {
        description: 'A line for each product.',
        content: { [type]: { schema: batchAnswerSchema } },
      },
    },
    problems: ['not-ready'],
    handle({ ctx }) {
      refuseOtherThan(ctx.req, [type]);
      const loaded = loadedModel(state);
      const caller = callerOf(ctx);
      refuseTooMany(batches, caller);
      batches.begin(caller);
      ctx.res.once('close', () => batches.end(caller));
      takesItsTime(ctx.req);
      const stall = watchStall(ctx, stallLimitMs);
      const whileHere = callersPresence(ctx);

      let ahead = 0;
      const work = async (line: Line): Promise<string> => {
        const bytes = line.content instanceof Problem ? 0 : line.content.length;
        ahead += bytes;
        try {
          return await answerLine(line, {
            loaded,
            requestId: ctx.state.requestId,
            whileHere,
            turn: () => turns.take(caller),
          });
        } finally {
          ahead -= bytes;
          line.lease.release();
          stall.moved();
        }
      };
      const lines = linesOf(stall.body(), { limitBytes: batchLimits.lineBytes, budget });
      const { holds = () => false } = ctx.state;
      const answers = inOrder(
        whileHolds(lines, holds),
        work,
        (n) => n >= aheadLines || ahead >= aheadBytes,
      );
      ctx.type = type;
      ctx.body = Readable.from(answers, { objectMode: false, highWaterMark: unreadBytes });
    },
  });
}

function callerOf({ state: { caller } }: Context): string {
  return caller ? `${caller.kind} ${caller.id}` : '';
}

/** Throws `overloaded` where no batch of the caller may begin now. */
function refuseTooMany(batches: ReturnType<typeof createTally>, caller: string): void {
  const own = batches.of(caller);
  const all = batches.total();
  if (own < batchLimits.perCaller && all < batchLimits.atATime) return;
  const detail = `Too many batches are under way (${own} of this caller, ${all} in all): send this one when one of them is done.`;
  throw new Problem('overloaded', detail, { retryAfter: 5 });
}
