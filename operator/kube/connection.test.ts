import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { inClusterConnection, kubeconfigConnection } from './connection.ts';

describe('connection', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'connection-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const kubeconfig = async (cluster: object, user: object): Promise<string> => {
    const path = join(directory, 'config');
    await writeFile(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
        clusters: [{ name: 'k', cluster: { server: 'https://api:6443', ...cluster } }],
        users: [{ name: 'u', user }],
      }),
    );
    return path;
  };
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  describe('in a cluster', () => {
    const connect = (host = '10.0.0.1') => inClusterConnection({ host, port: '443', directory });

    it('takes the URL from host and port, of either family', () => {
      expect(connect().server).to.equal('https://10.0.0.1:443');
      expect(connect('fd00::1').server).to.equal('https://[fd00::1]:443');
    });

    it('reads the token again once it was refused', async () => {
      const connection = connect();
      await writeFile(join(directory, 'token'), 'first\n');
      expect(await connection.headers()).to.deep.equal({ authorization: 'Bearer first' });
      await writeFile(join(directory, 'token'), 'second\n');
      expect(await connection.headers()).to.deep.equal({ authorization: 'Bearer first' });
      connection.refresh();
      expect(await connection.headers()).to.deep.equal({ authorization: 'Bearer second' });
    });

    it('reads the CA at each handshake', async () => {
      await writeFile(join(directory, 'ca.crt'), 'old');
      const connection = connect();
      await writeFile(join(directory, 'ca.crt'), 'new');
      expect(String(connection.tls().ca)).to.equal('new');
    });

    it('names the file that it misses, and finds it later', async () => {
      const connection = connect();
      const error = await connection.headers().catch(String);
      expect(error).to.contain(join(directory, 'token'));
      await writeFile(join(directory, 'token'), 'late');
      expect(await connection.headers()).to.deep.equal({ authorization: 'Bearer late' });
    });
  });

  describe('from a kubeconfig', () => {
    it('takes certificates and server name', async () => {
      const path = await kubeconfig(
        { 'certificate-authority-data': base64('ca'), 'tls-server-name': 'other' },
        { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') },
      );
      const connection = await kubeconfigConnection([path]);
      const { ca, cert, key, ...rest } = connection.tls();
      expect([ca, cert, key].map(String)).to.deep.equal(['ca', 'cert', 'key']);
      expect(rest).to.deep.equal({ servername: 'other' });
    });

    it('takes a token, or name and password', async () => {
      const token = await kubeconfigConnection([await kubeconfig({}, { token: 't' })]);
      expect(await token.headers()).to.deep.equal({ Authorization: 'Bearer t' });
      const basic = await kubeconfigConnection([
        await kubeconfig({}, { username: 'a', password: 'b' }),
      ]);
      expect(await basic.headers()).to.deep.equal({ authorization: `Basic ${base64('a:b')}` });
    });

    it('runs an exec plugin', async () => {
      const credential = {
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { token: 'x' },
      };
      const exec = {
        apiVersion: credential.apiVersion,
        command: 'echo',
        args: [JSON.stringify(credential)],
      };
      const connection = await kubeconfigConnection([await kubeconfig({}, { exec })]);
      expect(await connection.headers()).to.deep.equal({ Authorization: 'Bearer x' });
    });

    it('refuses what it cannot do in a sentence', async () => {
      const path = await kubeconfig({ 'proxy-url': 'http://proxy' }, {});
      expect(await kubeconfigConnection([path]).catch(String)).to.match(
        /cluster k of .* has a proxy-url, which is not supported/,
      );
      expect(await kubeconfigConnection([]).catch(String)).to.contain('KUBECONFIG names no file');
    });
  });
});
