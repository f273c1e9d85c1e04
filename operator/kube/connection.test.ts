import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { inClusterConnection, kubeconfigConnection } from './connection.ts';
import { remembered } from './remembered.ts';

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

    it('keeps its token while the file is empty or gone, and takes the new one then', async () => {
      let now = 0;
      const token = join(directory, 'token');
      await writeFile(token, 'first');
      const value = remembered(
        async () => ({ value: await readFile(token, 'utf8'), goodForMs: 60_000 }),
        () => now,
      );
      expect(await value.get()).to.equal('first');
      await rm(token);
      now = 61_000;
      expect(await value.get()).to.equal('first');
      await writeFile(token, 'second');
      expect(await value.get()).to.equal('second');
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

    describe('with an exec plugin', () => {
      const apiVersion = 'client.authentication.k8s.io/v1';
      /** A plugin that counts its runs in a file and answers what the shell makes of this. */
      const plugin = async (status: object, more: object = {}, cluster: object = {}) => {
        const answer = JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
        const script = `echo run >> ${directory}/runs; n=$(wc -l < ${directory}/runs); cat <<END\n${answer}\nEND`;
        return kubeconfig(cluster, {
          exec: { apiVersion, command: 'sh', args: ['-c', script], ...more },
        });
      };
      const runs = async () => (await readFile(join(directory, 'runs'), 'utf8')).length / 4;

      it('runs it once for all requests, and again when its credential was refused', async () => {
        const connection = await kubeconfigConnection([await plugin({ token: 't$n' })]);
        const first = await connection.headers();
        expect(first).to.deep.equal({ authorization: 'Bearer t1' });
        expect(await connection.headers()).to.equal(first);
        connection.refresh(first);
        const second = await Promise.all([connection.headers(), connection.headers()]);
        expect(second).to.deep.equal([
          { authorization: 'Bearer t2' },
          { authorization: 'Bearer t2' },
        ]);
        // Another request was refused with the first one, too, and says so late.
        connection.refresh(first);
        expect(await connection.headers()).to.deep.equal({ authorization: 'Bearer t2' });
        expect(await runs()).to.equal(2);
      });

      it('runs it again before its credential expires', async () => {
        const soon = new Date(Date.now() + 5_000).toISOString();
        const connection = await kubeconfigConnection([
          await plugin({ token: 't$n', expirationTimestamp: soon }),
        ]);
        expect(await connection.headers()).to.deep.equal({ authorization: 'Bearer t2' });
      });

      it('keeps a credential that is good for long', async () => {
        const later = new Date(Date.now() + 3_600_000).toISOString();
        const connection = await kubeconfigConnection([
          await plugin({ token: 't$n', expirationTimestamp: later }),
        ]);
        await connection.headers();
        expect(await runs()).to.equal(1);
      });

      it('takes a client certificate, and tells the plugin about the cluster', async () => {
        const status = { clientCertificateData: 'cert', clientKeyData: 'key' };
        const path = await plugin(
          status,
          { provideClusterInfo: true, env: [{ name: 'MORE', value: 'yes' }] },
          { 'certificate-authority-data': base64('ca') },
        );
        const config = JSON.parse(await readFile(path, 'utf8'));
        config.users[0].user.exec.args[1] = config.users[0].user.exec.args[1].replace(
          'cat',
          `echo "$MORE $KUBERNETES_EXEC_INFO" > ${directory}/info; cat`,
        );
        await writeFile(path, JSON.stringify(config));
        const connection = await kubeconfigConnection([path]);
        expect(connection.tls()).to.deep.include({ cert: 'cert', key: 'key' });
        expect(await connection.headers()).to.deep.equal({});
        const [more, info = ''] = (await readFile(join(directory, 'info'), 'utf8')).split(/ (.*)/s);
        expect(more).to.equal('yes');
        expect(JSON.parse(info)).to.deep.equal({
          apiVersion,
          kind: 'ExecCredential',
          spec: {
            interactive: false,
            cluster: { server: 'https://api:6443', 'certificate-authority-data': base64('ca') },
          },
        });
      });

      const faults: { name: string; exec: object; words: RegExp }[] = [
        {
          name: 'is not there',
          exec: { command: 'no-such-plugin', installHint: 'Install it with apt.' },
          words: /The credential plugin no-such-plugin failed: .*ENOENT.* Install it with apt\./,
        },
        {
          name: 'fails',
          exec: { command: 'sh', args: ['-c', 'echo log in first >&2; exit 3'] },
          words: /The credential plugin sh failed: log in first\./,
        },
        {
          name: 'answers no JSON',
          exec: { command: 'echo', args: ['secret'] },
          words: /plugin echo answered 7 characters that are no JSON\.$/,
        },
        {
          name: 'answers something else',
          exec: { command: 'echo', args: ['{"kind":"Pod","apiVersion":"v1"}'] },
          words: /plugin echo answered a Pod of v1, not client\.authentication/,
        },
        {
          name: 'answers nothing of use',
          exec: {
            command: 'echo',
            args: [JSON.stringify({ kind: 'ExecCredential', apiVersion, status: {} })],
          },
          words: /neither a token nor a certificate/,
        },
      ];
      for (const { name, exec, words } of faults) {
        it(`says so when it ${name}`, async () => {
          const path = await kubeconfig({}, { exec: { apiVersion, ...exec } });
          expect(await kubeconfigConnection([path]).catch(String)).to.match(words);
        });
      }
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
