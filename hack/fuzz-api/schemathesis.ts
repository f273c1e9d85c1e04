import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { colouredPicture } from '../../inference/fixtures/tiny-bundle.ts';
import { CommandFailed, run } from '../process/run.ts';
import { pythonEnvironment } from '../tools/python-environment.ts';
import type { WholeService } from './service.ts';

/** Of a run of schemathesis over the service's own OpenAPI document. */
export interface FuzzReport {
  /** What it wrote for people. */
  words: string;
  /** Operations that were asked, and those of the document that were not left out. */
  tested: number;
  selected: number;
  cases: number;
  /** Sentences of what is wrong: answers of 5xx, of a status, type or form that the document does not have. */
  failures: string[];
  /** Operations of which not one request was answered with 2xx. */
  neverAccepted: string[];
}

export interface FuzzSettings {
  seed: number;
  /** Requests of each operation. */
  examples: number;
  phases: string;
}

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];
/** These would end the very token with which all others are asked. */
const endsOurToken = ['logOut', 'logOutEverywhere'];

/** The virtual environment with schemathesis, installed first where it was not yet. */
export function schemathesisEnvironment(): Promise<string> {
  const say = (line: string) => process.stderr.write(`fuzz-api: ${line}\n`);
  return pythonEnvironment('schemathesis', new URL('requirements.txt', import.meta.url), say);
}

/** Asks the service as its document says that it may be asked, and otherwise; the same seed asks the same. */
export async function fuzz(
  service: WholeService,
  { seed, examples, phases }: FuzzSettings,
): Promise<FuzzReport> {
  const bin = join(await schemathesisEnvironment(), 'bin');
  const dir = await mkdtemp(join(tmpdir(), 'fuzz-api-'));
  const report = join(dir, 'report.json');
  const options = {
    '--checks': checks.join(','),
    '--phases': phases,
    '--seed': String(seed),
    '--max-examples': String(examples),
    '--request-timeout': '60',
    // Its own tries of other tokens would be all that some operations see of a short run.
    '--generation-with-security-parameters': 'false',
    '--generation-database': 'none',
    '--report': 'json',
    '--report-json-path': report,
  };
  const args = ['run', `${service.url}/openapi.json`, ...Object.entries(options).flat()];
  const left = endsOurToken.flatMap((id) => ['--exclude-operation-id', id]);
  try {
    const words = await run(
      join(bin, 'schemathesis'),
      [...args, ...left, '--no-color', '--continue-on-failure'],
      {
        cwd: dir,
        env: {
          PATH: process.env.PATH,
          HOME: dir,
          PYTHONDONTWRITEBYTECODE: '1',
          SCHEMATHESIS_HOOKS: 'hooks',
          PYTHONPATH: fileURLToPath(new URL('.', import.meta.url)),
          FUZZ_KNOWN: JSON.stringify(await known(service)),
        },
      },
    ).catch((error: unknown) => {
      // 1: it found something, which the report says.
      if (error instanceof CommandFailed && error.code === 1) return error.stdout;
      throw error;
    });
    return reportOf(JSON.parse(await readFile(report, 'utf8')), words);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Products that there are, some with a picture, and what serves. */
async function known({ url, admin, authorization, release, self }: WholeService) {
  const picture = await colouredPicture('#336699');
  const headers = { authorization: await authorization(), 'content-type': 'application/json' };
  const ids = Array.from({ length: 40 }, (_, i) => `fuzz-${i}`);
  for (const id of ids) {
    const image = Number(id.slice(5)) % 2 === 0 ? picture.toString('base64') : null;
    const body = JSON.stringify({ id, designation: `product ${id}`, image });
    const answer = await fetch(`${url}/v1/products`, { method: 'POST', headers, body });
    if (answer.status !== 201)
      throw new Error(`A product is not created: ${answer.status} ${await answer.text()}`);
  }
  const [, name, slot] = /^(.+)-(\d{8}-\d{6})$/.exec(release) ?? [];
  const of = (path: string) => [path, { id: ids }];
  const products = ['', '/image', '/category', '/corrections'].map((rest) =>
    of(`/v1/products/{id}${rest}`),
  );
  const models = ['', '/ready', '/infer'].flatMap((rest) => [
    [`/v2/models/{name}${rest}`, { name: [name] }],
    [`/v2/models/{name}/versions/{version}${rest}`, { name: [name], version: [slot] }],
  ]);
  return {
    url,
    admin,
    self,
    picture: picture.toString('base64'),
    paths: Object.fromEntries([...products, ...models]),
  };
}

/** The parts of schemathesis's JSON report that are used here. */
interface Told {
  operations: { selected: number; tested: number };
  test_cases: { generated: number };
  failures: unknown[];
  errors: { title: string; count: number }[];
  warnings: { missing_auth: string[] };
  valid_rates: Record<string, Record<string, { accepted: number }>>;
}

function reportOf(told: Told, words: string): FuzzReport {
  const neverAccepted = Object.entries(told.valid_rates)
    .filter(([, phases]) => Object.values(phases).every(({ accepted }) => accepted === 0))
    .map(([operation]) => operation);
  return {
    words,
    tested: told.operations.tested,
    selected: told.operations.selected,
    cases: told.test_cases.generated,
    failures: [
      ...told.failures.map((failure) => JSON.stringify(failure).slice(0, 2_000)),
      ...told.errors.map(({ title, count }) => `${title} (${count})`),
      ...told.warnings.missing_auth.map((operation) => `${operation} takes no token of an admin`),
    ],
    neverAccepted,
  };
}
