import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { run } from '../process/run.ts';

/** Where RUN steps see the host's settings; only while they run, never in an image. */
const inside = '/run/host';

const authorityVariables = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
];

/** How this machine reaches package registries. Paths among them would name files that a build can't see. */
const passed =
  /^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT)|npm_config_registry|NPM_CONFIG_REGISTRY)$/;

/**
 * Runs `work` with the arguments that let a build's RUN steps use this machine's certificate authorities, proxies and
 * registries. The variables are unset again in the image, the files are only mounted.
 */
export async function withHostSettings<T>(
  config: Config,
  work: (args: string[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'shelfwise-build-'));
  try {
    const variables = {
      ...fromEnvironment(config.inherited),
      ...(await authority(config, folder)),
    };
    const npmrc = join(config.inherited.HOME ?? '', '.npmrc');
    const copied = await copyFile(npmrc, join(folder, 'npmrc')).then(
      () => true,
      () => false,
    );
    if (copied) variables.NPM_CONFIG_USERCONFIG = `${inside}/npmrc`;
    await writeFile(join(folder, 'apt.conf'), await aptSettings(variables.SSL_CERT_FILE));
    variables.APT_CONFIG = `${inside}/apt.conf`;
    const args = Object.entries(variables).flatMap(([name, value]) => [
      '--env',
      `${name}=${value}`,
      '--unsetenv',
      name,
    ]);
    return await work(['--volume', `${folder}:${inside}:ro`, ...args]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(environment).filter(([name, value]) => value && passed.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

/** A machine with authorities of its own says so in one of these variables; programs of the build are told by all. */
async function authority(config: Config, folder: string): Promise<Record<string, string>> {
  const path = authorityVariables.map((name) => config.inherited[name]).find((value) => value);
  if (path === undefined) return {};
  await copyFile(path, join(folder, 'ca.crt'));
  return Object.fromEntries(authorityVariables.map((name) => [name, `${inside}/ca.crt`]));
}

/** The proxies and limits that apt has on the host. */
async function aptSettings(authorityFile: string | undefined): Promise<string> {
  const dump = await run('apt-config', ['dump', 'Acquire']).catch(() => '');
  const kept = dump
    .split('\n')
    .filter(
      (line) =>
        /^Acquire::(https?::|Check-|Retries)/.test(line) && !/File|Cert|Key|CAInfo/.test(line),
    );
  if (authorityFile !== undefined) kept.push(`Acquire::https::CAInfo "${authorityFile}";`);
  return `${kept.join('\n')}\n`;
}
