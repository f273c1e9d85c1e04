/**
 * What another service of the shop does: asks the predict service, inside the cluster, with the token of its
 * ServiceAccount (audience `shelfwise`). Runs in a pod, reads products as JSON lines from standard input
 * (`{id, designation, description, image: base64}`) and writes an answer for each, `{id, status, milliseconds, body}`.
 *
 * `node client.mts URL`                 each product once, one after the other; a refused connection is tried again
 * `node client.mts URL --rate 20`       the products over and over, 20 requests a second, until the next line
 * An empty line ends the list of products.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

const tokenFile = '/var/run/secrets/shelfwise/token';
const [url = '', flag, rate = '0'] = process.argv.slice(2);

/** A node learns of a Service's pods a moment after they are ready; until then it refuses connections. */
const patienceMs = 60_000;
const busyPatienceMs = 30_000;

interface Product {
  id: string;
  designation: string | null;
  description: string | null;
  image: string | null;
}

interface Answer {
  id: string;
  status: number;
  milliseconds: number;
  body: unknown;
}

async function ask(product: Product): Promise<Answer> {
  const started = performance.now();
  const answer: Answer = { id: product.id, status: 0, milliseconds: 0, body: {} };
  try {
    const form = new FormData();
    if (product.designation) form.set('designation', product.designation);
    if (product.description) form.set('description', product.description);
    if (product.image) form.set('image', new Blob([Buffer.from(product.image, 'base64')]), 'image');
    // The kubelet renews the file before the token ends, so it is read for each request.
    const token = await readFile(tokenFile, 'utf8');
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token.trim()}` },
      body: form,
      signal: AbortSignal.timeout(20_000),
    });
    answer.status = response.status;
    answer.body = await response.json();
  } catch (error) {
    const cause = error instanceof Error && error.cause ? ` (${error.cause})` : '';
    answer.body = `${error}${cause}`;
  }
  answer.milliseconds = Math.round(performance.now() - started);
  return answer;
}

/**
 * As the API asks for: who is told that the service is busy waits, and asks again. A training that takes every core of the
 * machine can make a service busy for seconds. Any other refusal is an answer.
 */
async function askAgainWhenBusy(product: Product): Promise<Answer> {
  const started = performance.now();
  const until = started + busyPatienceMs;
  for (;;) {
    const answer = await ask(product);
    if (!isBusy(answer) || performance.now() > until)
      return { ...answer, milliseconds: Math.round(performance.now() - started) };
    await wait(1000 + Math.random() * 1000);
  }
}

function isBusy({ status, body }: Answer): boolean {
  return status === 503 && String((body as { type?: unknown }).type).endsWith('/overloaded');
}

async function askPatiently(product: Product): Promise<Answer> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const answer = await askAgainWhenBusy(product);
    if (!/ECONNREFUSED/.test(String(answer.body)) || performance.now() > until) return answer;
    await wait(250);
  }
}

const say = (answer: Answer) => console.log(JSON.stringify(answer));

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function products(): Promise<Product[]> {
  const all: Product[] = [];
  for (let line = await lines.next(); !line.done && line.value !== ''; line = await lines.next()) {
    all.push(JSON.parse(line.value));
  }
  return all;
}

const given = await products();
if (flag === '--rate') {
  const running = new Set<Promise<void>>();
  let next = 0;
  const timer = setInterval(() => {
    const product = given[next++ % given.length];
    if (!product) return;
    const request = askAgainWhenBusy(product)
      .then(say)
      .finally(() => running.delete(request));
    running.add(request);
  }, 1000 / Number(rate));
  await lines.next();
  clearInterval(timer);
  await Promise.all(running);
} else {
  for (const product of given) say(await askPatiently(product));
}
