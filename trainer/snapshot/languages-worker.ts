import { parentPort } from 'node:worker_threads';
import { detectLanguage } from '@shelfwise/trainer-contract/language';

/* Tells the languages of texts, a list at a time, in the order in which the lists come. Started by languages.ts. */
const port = parentPort;
if (!port) throw new Error('snapshot/languages-worker.ts is started by snapshot/languages.ts');
port.on('message', (texts: string[]) => port.postMessage(texts.map(detectLanguage)));
