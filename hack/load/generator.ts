/**
 * The load's own process: `node generator.ts REQUESTS.json` says `ready`, then runs each job that comes as a line of JSON
 * and answers with a line of JSON: what the job found, and how much of a core this process itself took.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type ClosedLoop, runClosedLoop } from './closed-loop.ts';
import { type OpenLoop, runOpenLoop } from './open-loop.ts';
import { requestBytes, type StoredRequest } from './request.ts';

/** Of each request of a job: tokens end sooner than a generator does. */
export interface MoreHeaders {
  headers?: Record<string, string>;
}

const stored: StoredRequest[] = JSON.parse(await readFile(String(process.argv[2]), 'utf8'));
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { headers, ...job }: (ClosedLoop | OpenLoop) & MoreHeaders = JSON.parse(line);
  const requests = stored.map((request) =>
    requestBytes(
      { ...request, headers: { ...request.headers, ...headers } },
      `127.0.0.1:${job.port}`,
    ),
  );
  const before = { cpu: process.cpuUsage(), at: performance.now() };
  const result =
    job.kind === 'closed' ? await runClosedLoop(job, requests) : await runOpenLoop(job, requests);
  const { user, system } = process.cpuUsage(before.cpu);
  const busy = (user + system) / 1000 / (performance.now() - before.at);
  process.stdout.write(`${JSON.stringify({ ...result, busy })}\n`);
}
