import type { Learning } from '@shelfwise/inference-contract';
import { type Content, type Line, lines, markup, table } from '@shelfwise/report';
import * as z from 'zod';
import { learningOf } from '../learning.ts';
import { score } from './words.ts';

const searchSchema = z.object({
  search: z.object({
    chosen: z.int(),
    trials: z.array(
      z.object({
        changed: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
        macroF1: z.number(),
        accuracy: z.number(),
      }),
    ),
  }),
});

const fits: Record<string, string> = { judged: 'trial fit', final: 'final fit' };
const measures: Record<string, string> = {
  accuracy: 'products it learns from',
  judgedAccuracy: 'products held back',
  loss: 'loss',
};

/** How the fit went, epoch by epoch. */
export function learningSection(training: unknown): Content {
  const all = curvesOf(learningOf(training) ?? {});
  const accuracies = all.filter(({ measure }) => /accuracy/i.test(measure));
  const losses = all.filter(({ measure }) => /loss/i.test(measure));
  if (accuracies.length + losses.length === 0)
    return [markup`<p>The bundle holds no learning curves.</p>`, trials(training)];
  return [
    markup`<p>The trial fit leaves out the products it is then judged and calibrated on; the final one, which is the model, learns from all.</p>`,
    plot('Accuracy', accuracies),
    plot('Loss', losses),
    trials(training),
  ];
}

/** Which settings were tried, and how they did on the products that were held back. */
function trials(training: unknown): Content {
  const read = searchSchema.safeParse(training);
  if (!read.success || read.data.search.trials.length < 2) return null;
  const { trials: all, chosen } = read.data.search;
  return [
    markup`<h3>Settings that were tried</h3>`,
    table({
      caption: 'On products of train that were held back from these fits',
      columns: [
        { title: 'Changed' },
        { title: 'Macro F1', number: true },
        { title: 'Accuracy', number: true },
        { title: '' },
      ],
      rows: all.map(({ changed, macroF1, accuracy }, i) => [
        Object.entries(changed)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ') || 'nothing: what it began with',
        score(macroF1),
        score(accuracy),
        i === chosen ? 'chosen' : '',
      ]),
    }),
  ];
}

interface Curve extends Line {
  measure: string;
}

function curvesOf(learning: Learning): Curve[] {
  return Object.entries(learning).flatMap(([fit, epochs]) => {
    const names = new Set(epochs.flatMap((epoch) => Object.keys(epoch)));
    names.delete('epoch');
    return [...names].flatMap((measure) => {
      const points = epochs.flatMap((epoch): [number, number][] => {
        const value = epoch[measure];
        return typeof value === 'number' ? [[epoch.epoch as number, value]] : [];
      });
      const name = `${fits[fit] ?? fit}: ${measures[measure] ?? measure}`;
      return points.length === 0 ? [] : [{ measure, name, points, dashed: fit === 'final' }];
    });
  });
}

function plot(name: string, curves: Curve[]): Content {
  if (curves.length === 0) return null;
  return [
    markup`<h3>${name}</h3>`,
    lines({
      description: `${name} by epoch`,
      x: { label: 'epoch' },
      y: { label: name.toLowerCase() },
      lines: curves,
    }),
  ];
}
