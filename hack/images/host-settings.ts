import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { run } from '../process/run.ts';

/** Where RUN steps see the host's settings: mounted while they run, never in an image. */
const inside = '/run/host';

const authorityVariables = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
];

export interface HostSettings {
  /** Mounted at /run/host in each RUN step. */
  folder: string;
  /** Variables of RUN steps. Only paths below /run/host: an image's history may show them. */
  variables: Record<string, string>;
}

/**
 * Gives `work` what a build's RUN steps need to use this machine's certificate authorities and package registries: files
 * that only we can read, for the time of the work, and the variables that make programs read them.
 */
export async function withHostSettings<T>(
  { inherited }: Config,
  work: (settings: HostSettings) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'shelfwise-build-'));
  const variables: Record<string, string> = {};
  const provide = async (file: string, text: string | Buffer | undefined, names: string[]) => {
    if (text === undefined || text.length === 0) return;
    await writeFile(join(folder, file), text);
    for (const name of names) variables[name] = `${inside}/${file}`;
  };
  const read = (path: string | undefined) =>
    path ? readFile(path).catch(() => undefined) : undefined;
  try {
    const authority = await read(
      authorityVariables.map((name) => inherited[name]).find((path) => path),
    );
    await provide('ca.crt', authority, authorityVariables);
    const home = inherited.HOME ?? '';
    await provide('npmrc', npmSettings(inherited) ?? (await read(join(home, '.npmrc'))), [
      'NPM_CONFIG_USERCONFIG',
    ]);
    const pip =
      pipSettings(inherited) ??
      (await read(join(home, '.config/pip/pip.conf'))) ??
      (await read('/etc/pip.conf'));
    await provide('pip.conf', pip, ['PIP_CONFIG_FILE']);
    await provide('apt.conf', await aptSettings(authority !== undefined), ['APT_CONFIG']);
    return await work({ folder, variables });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The Dockerfile with variables declared in each stage: ARG's are seen by RUN steps and are not part of the image. */
export function declareArguments(dockerfile: string, names: string[]): string {
  const declarations = names.map((name) => `ARG ${name}\n`).join('');
  return dockerfile.replace(/^[ \t]*FROM[ \t].*\n/gim, (line) => line + declarations);
}

/** npm's and pip's settings can be in variables, values with credentials among them: those go into files. */
function npmSettings(environment: NodeJS.ProcessEnv): string | undefined {
  const registry = environment.npm_config_registry ?? environment.NPM_CONFIG_REGISTRY;
  return registry ? `registry=${registry}\n` : undefined;
}

function pipSettings(environment: NodeJS.ProcessEnv): string | undefined {
  const names = ['INDEX_URL', 'EXTRA_INDEX_URL', 'TRUSTED_HOST', 'DEFAULT_TIMEOUT', 'RETRIES'];
  const lines = names.flatMap((name) => {
    const value = environment[`PIP_${name}`];
    return value ? [`${name.toLowerCase().replaceAll('_', '-')} = ${value}`] : [];
  });
  return lines.length > 0 ? `[global]\n${lines.join('\n')}\n` : undefined;
}

/** The proxies and limits that apt has on the host; its authorities as files that the build can see. */
async function aptSettings(hasAuthority: boolean): Promise<string> {
  const dump = await run('apt-config', ['dump', 'Acquire']).catch(() => '');
  const kept = dump
    .split('\n')
    .filter(
      (line) =>
        /^Acquire::(https?::|Check-|Retries)/.test(line) &&
        !/File|Cert|Key|CAInfo|CAPath/.test(line),
    );
  if (hasAuthority) kept.push(`Acquire::https::CAInfo "${inside}/ca.crt";`);
  return kept.map((line) => `${line}\n`).join('');
}
