import { detectLanguage } from '@shelfwise/trainer-contract/language';

/* Tells the languages of texts, a list at a time, in the order in which the lists come. Started by languages.ts, and ends with it. */
process.on('message', (texts: string[]) => process.send?.(texts.map(detectLanguage)));
// A terminal's Ctrl-C goes to both; whether to go on is for the snapshot to say.
process.on('SIGINT', () => undefined);
