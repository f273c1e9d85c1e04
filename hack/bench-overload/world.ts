import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningServer } from '../bench-serving/contender.ts';
import { type OurService, ourService } from '../bench-serving/ours.ts';
import { benchPictures } from '../bench-serving/pictures.ts';
import { smallModel } from '../bench-serving/small-model.ts';
import type { Config } from '../config.ts';
import { type Generator, startGenerator } from '../load/generate-load.ts';
import type { OpenLoop, OpenLoopResult } from '../load/open-loop.ts';
import { type PostgresService, startPostgres, writeUrlFile } from '../services/postgres.ts';
import { type S3Service, startVersitygw } from '../services/versitygw.ts';

/** The service on a core of its own, what it depends on, and who asks it, on another. */
export interface World {
  service: RunningServer;
  url: string;
  postgres: PostgresService;
  s3: S3Service;
  /** Predictions at a rate, with a token that is valid. */
  predictions(job: Omit<OpenLoop, 'kind' | 'port'>): Promise<OpenLoopResult>;
  /** The most predictions a second, each connection asking again as soon as it is answered. */
  peak(connections: number, seconds: number): Promise<number>;
  /** The largest share of its core that a generator took so far. */
  generatorBusy(): number;
  /** Likewise the 99th percentile of how late it sent, in milliseconds. */
  generatorLate(): number;
  stop(): Promise<void>;
}

export const cores = { service: 0, generator: 1 };

export async function startWorld(config: Config, say: (text: string) => void): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-overload-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    say('starting PostgreSQL and S3');
    const postgres = await startPostgres();
    stops.push(() => postgres.stop());
    const s3 = await startVersitygw();
    stops.push(() => s3.stop());
    say('preparing the model');
    const pictures = await benchPictures(16);
    const store = { url: `s3://${s3.bucket}/bench`, env: s3.env };
    const ours = await ourService(
      await smallModel(dir, pictures, store),
      pictures,
      config.inherited,
    );
    stops.push(() => ours.remove());
    say('starting the service');
    const urlFile = await writeUrlFile(join(dir, 'database-url'), postgres.url);
    const service = await ours.start({
      env: { ...s3.env, DATABASE_URL_FILE: urlFile, PREDICT_WORKERS: '1' },
      core: cores.service,
    });
    stops.push(() => service.stop());
    const generator = await startGenerator(await ours.requests(), { core: cores.generator });
    stops.push(() => generator.stop());
    return { service, postgres, s3, ...asking(ours, service, generator), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function asking(ours: OurService, service: RunningServer, generator: Generator) {
  const seen = { busy: 0, late: 0 };
  const common = async () => ({
    port: service.port,
    headers: { authorization: await ours.authorization('predict') },
  });
  return {
    url: `http://127.0.0.1:${service.port}`,
    generatorBusy: () => seen.busy,
    generatorLate: () => seen.late,
    async predictions(job: Omit<OpenLoop, 'kind' | 'port'>) {
      const result = await generator.open({ ...job, ...(await common()) });
      seen.busy = Math.max(seen.busy, result.busy);
      seen.late = Math.max(seen.late, result.late.p99);
      if (result.unsent > 0)
        throw new Error(`The generator had no connection left for ${result.unsent} requests.`);
      return result;
    },
    async peak(connections: number, seconds: number) {
      const result = await generator.closed({ connections, seconds, ...(await common()) });
      seen.busy = Math.max(seen.busy, result.busy);
      return result.requestsPerSecond;
    },
  };
}
