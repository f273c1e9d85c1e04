import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** users[].user.exec of a kubeconfig, as far as it concerns us. */
export interface ExecSettings {
  apiVersion?: string;
  command: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  installHint?: string;
  provideClusterInfo?: boolean;
}

export interface ExecCredential {
  token?: string;
  cert?: string;
  key?: string;
  /** Milliseconds since 1970; undefined: good until the API server refuses it. */
  expires?: number;
}

interface Answer {
  apiVersion?: string;
  kind?: string;
  status?: {
    token?: string;
    clientCertificateData?: string;
    clientKeyData?: string;
    expirationTimestamp?: string;
  };
}

/**
 * Runs a credential plugin, as kubectl does (client.authentication.k8s.io/v1): what it is asked stands in
 * KUBERNETES_EXEC_INFO, what it answers is an ExecCredential on its standard output. Never interactive.
 * Throws an Error that names the command and carries its last words.
 */
export async function execCredential(
  exec: ExecSettings,
  cluster: Record<string, unknown>,
): Promise<ExecCredential> {
  const { apiVersion = 'client.authentication.k8s.io/v1', command } = exec;
  const asked = {
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(exec.provideClusterInfo ? { cluster } : {}) },
  };
  const output = await run(command, exec.args ?? [], {
    KUBERNETES_EXEC_INFO: JSON.stringify(asked),
    ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
  }).catch((cause) => {
    const hint = exec.installHint ? ` ${exec.installHint.trim()}` : '';
    throw new Error(`The credential plugin ${command} failed: ${cause.message}.${hint}`, { cause });
  });
  return credentialOf(output, command, apiVersion);
}

function credentialOf(output: string, command: string, apiVersion: string): ExecCredential {
  const wrong = (what: string) => new Error(`The credential plugin ${command} ${what}.`);
  let answer: Answer;
  try {
    answer = JSON.parse(output);
  } catch {
    // Its output may hold a secret: none of it goes into a message.
    throw wrong(`answered ${output.length} characters that are no JSON`);
  }
  if (answer.kind !== 'ExecCredential' || answer.apiVersion !== apiVersion)
    throw wrong(`answered a ${answer.kind} of ${answer.apiVersion}, not ${apiVersion}`);
  const { token, clientCertificateData: cert, clientKeyData: key } = answer.status ?? {};
  if (!cert !== !key) throw wrong('answered a certificate without its key, or the other way round');
  if (!token && !cert) throw wrong('answered neither a token nor a certificate');
  const expires = Date.parse(answer.status?.expirationTimestamp ?? '');
  return {
    ...(token ? { token } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
}

async function run(command: string, args: string[], env: Record<string, string>): Promise<string> {
  // The plugin finds its own settings in our environment; we read nothing there.
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code, signal], output, words] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  if (code !== 0) throw new Error(words.trim().slice(-500) || `it ended with ${code ?? signal}`);
  return output;
}
