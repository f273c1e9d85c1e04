import { askOnce } from '../load/connection.ts';
import type { Contender } from './contender.ts';

/** What one contender says of each picture: its likeliest classes and their probabilities. */
export type Answers = Map<string, number>[];

/**
 * Decoders differ by a shade or two at each pixel, and so do answers; another picture's answer differs by several times as
 * much, which `requireAlike` makes sure of.
 */
const tolerance = 0.04;

/** Asks a contender for every picture once. */
export async function answersOf(contender: Contender): Promise<Answers> {
  const server = await contender.start();
  try {
    const answers: Answers = [];
    for (const request of await contender.requests()) {
      const outcome = await askOnce(server.port, request);
      if ('error' in outcome) throw new Error(`${contender.name}: ${outcome.error}`);
      const body = outcome.response.body.toString();
      const { classes } = JSON.parse(body) as {
        classes?: { class: string; probability: number }[];
      };
      if (!classes) throw new Error(`${contender.name} answers ${body.slice(0, 300)}`);
      answers.push(new Map(classes.map((each) => [each.class, each.probability])));
    }
    return answers;
  } finally {
    await server.stop();
  }
}

/** The largest difference of a class's probability that both name; 1 where the likeliest of one is not named by the other. */
function difference(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let most = 0;
  const [first] = a.keys();
  if (first === undefined || !b.has(first)) return 1;
  for (const [name, probability] of a) {
    const other = b.get(name);
    if (other !== undefined) most = Math.max(most, Math.abs(probability - other));
  }
  return most;
}

/** Throws where a contender's answers are not ours: what it does in less time would then say nothing. */
export function requireAlike(name: string, ours: Answers, theirs: Answers): void {
  ours.forEach((own, i) => {
    const seen = difference(own, theirs[i] ?? new Map());
    if (seen > tolerance)
      throw new Error(
        `${name} answers otherwise than ours for picture ${i + 1} by ${seen.toFixed(3)}, more than ${tolerance}: ${words(own)} beside ${words(theirs[i] ?? new Map())}.`,
      );
  });
  const apart = ours.slice(1).map((own) => difference(own, ours[0] as Map<string, number>));
  if (Math.max(...apart) < 2 * tolerance)
    throw new Error('The pictures are all answered alike: equal answers say nothing then.');
}

const words = (answer: ReadonlyMap<string, number>) => JSON.stringify([...answer]);
