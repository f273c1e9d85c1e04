import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../process/run.ts';

/** Who a client certificate speaks for: Kubernetes takes the common name as user, the organisations as groups. */
interface Identity {
  user: string;
  groups: string[];
}

/** The clients of the API, and the names of their files. */
export const clients: Record<string, Identity> = {
  admin: { user: 'admin', groups: ['system:masters'] },
  apiserver: { user: 'kube-apiserver', groups: ['system:masters'] },
  'controller-manager': { user: 'system:kube-controller-manager', groups: [] },
  scheduler: { user: 'system:kube-scheduler', groups: [] },
  proxy: { user: 'system:kube-proxy', groups: [] },
  dns: { user: 'shelfwise:dns', groups: [] },
};

/** The identity of a node's kubelet, which the Node authorizer knows by its name. */
export function kubeletIdentity(node: string): Identity {
  return { user: `system:node:${node}`, groups: ['system:nodes'] };
}

export interface PkiOptions {
  directory: string;
  /** Addresses and names that the servers answer to. */
  addresses: string[];
  names: string[];
  identities?: Record<string, Identity>;
}

const tenYears = '3650';

/**
 * Writes a certificate authority (ca.crt, ca.key), one certificate for all servers (server.*), one for each client and
 * the key pair that signs ServiceAccount tokens (sa.key, sa.pub) into a folder that only we can read.
 */
export async function createPki(options: PkiOptions): Promise<void> {
  const { directory } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const config = join(directory, 'openssl.cnf');
  await writeFile(config, opensslConfig(options));
  const create = (name: string, subject: string, extensions: string, signed: string[]) =>
    run('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-noenc',
        '-sha256',
      ],
      ...[
        '-days',
        tenYears,
        '-config',
        config,
        '-subj',
        subject,
        '-extensions',
        extensions,
        ...signed,
      ],
      ...['-keyout', join(directory, `${name}.key`), '-out', join(directory, `${name}.crt`)],
    ]);
  await create('ca', '/CN=shelfwise-cluster', 'authority', []);
  const signed = ['-CA', join(directory, 'ca.crt'), '-CAkey', join(directory, 'ca.key')];
  const identities = Object.entries({ ...clients, ...options.identities });
  await Promise.all([
    create('server', '/CN=shelfwise-cluster-server', 'server', signed),
    ...identities.map(([name, identity]) => create(name, subject(identity), 'client', signed)),
    writeServiceAccountKeys(directory),
  ]);
}

/** The three texts that a client of the API needs, in PEM. */
export interface ClientFiles {
  ca: string;
  certificate: string;
  key: string;
}

export async function readClient(directory: string, name: string): Promise<ClientFiles> {
  const read = (file: string) => readFile(join(directory, file), 'utf8');
  const [ca, certificate, key] = await Promise.all([
    read('ca.crt'),
    read(`${name}.crt`),
    read(`${name}.key`),
  ]);
  return { ca, certificate, key };
}

function subject({ user, groups }: Identity): string {
  return `${groups.map((group) => `/O=${group}`).join('')}/CN=${user}`;
}

async function writeServiceAccountKeys(directory: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await writeFile(join(directory, 'sa.key'), privateKey, { mode: 0o600 });
  await writeFile(join(directory, 'sa.pub'), publicKey);
}

// A configuration of our own: the system's may add extensions that clash with these.
function opensslConfig({ addresses, names }: PkiOptions): string {
  const alternatives = [
    ...addresses.map((ip) => `IP:${ip}`),
    ...names.map((name) => `DNS:${name}`),
  ].join(',');
  return `[req]
distinguished_name = subject
prompt = no
[subject]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign,digitalSignature
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = ${alternatives}
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
`;
}
