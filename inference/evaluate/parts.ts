import {
  type Modality,
  modalitySchema,
  type Part,
  type Scores,
} from '@shelfwise/inference-contract';
import { type Answers, type Names, nothing } from './answers.ts';
import { createTally, summarise, type Tally } from './scores.ts';

/** Counts over the rows that `takes`; `said` is what is held against the truth. */
export function tallyOf(
  answers: Answers,
  {
    classes,
    labels,
    said = answers.said,
    takes = () => true,
  }: {
    classes: Names;
    /** Classes that are counted whether they occur or not. */
    labels: readonly string[];
    said?: Int32Array;
    takes?: (row: number) => boolean;
  },
): Tally {
  const tally = createTally(labels);
  const name = (index: number | undefined) => classes.all[index as number] as string;
  for (let row = 0; row < answers.products; row++) {
    if (!takes(row)) continue;
    tally.add(name(answers.truth[row]), said[row] === nothing ? null : name(said[row]));
  }
  return tally.result();
}

/** How the model fares by language, by what the products offer, and with one half of it alone. */
export function partsOf(
  answers: Answers,
  { classes, languages }: { classes: Names; languages: Names },
): Pick<Scores, 'byLanguage' | 'byModality' | 'alone'> {
  const part = (takes: (row: number) => boolean, said = answers.said): Part => {
    const tally = tallyOf(answers, { classes, labels: [], said, takes });
    const { accuracy, macroF1 } = summarise(tally);
    return { products: tally.products, accuracy, macroF1 };
  };
  const alone = (said: Int32Array) => part((row) => said[row] !== nothing, said);
  return {
    byLanguage: languages.all
      .map((language, i) => ({
        language: language === '' ? null : language,
        ...part((row) => answers.language[row] === i),
      }))
      .filter(({ products }) => products > 0)
      .sort(
        (a, b) => b.products - a.products || ((a.language ?? '~') < (b.language ?? '~') ? -1 : 1),
      ),
    byModality: modalitySchema.options
      .map((modality) => ({ modality, ...part((row) => modalityOf(answers, row) === modality) }))
      .filter(({ products }) => products > 0),
    alone: { text: alone(answers.saidByText), picture: alone(answers.saidByPicture) },
  };
}

/** What the model had to go by: text that says something to it, a picture that could be read. */
function modalityOf({ saidByText, saidByPicture }: Answers, row: number): Modality {
  const [text, picture] = [saidByText[row] !== nothing, saidByPicture[row] !== nothing];
  if (text && picture) return 'text+picture';
  return text ? 'text' : picture ? 'picture' : 'none';
}
