import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readConfig } from '../config.ts';
import { declareArguments, withHostSettings } from './host-settings.ts';

describe("the host's settings in a build", () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'home-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  it('are files for the time of the work, named by variables that hold nothing but paths', async () => {
    await writeFile(join(home, 'ca.pem'), 'AUTHORITY');
    const environment = {
      HOME: home,
      SSL_CERT_FILE: join(home, 'ca.pem'),
      PIP_INDEX_URL: 'https://user:secret@pypi.example.com/simple',
      npm_config_registry: 'https://npm.example.com/',
    };
    const folder = await withHostSettings(readConfig(environment), async (settings) => {
      const text = (file: string) => readFile(join(settings.folder, file), 'utf8');
      expect(await text('ca.crt')).to.equal('AUTHORITY');
      expect(await text('pip.conf')).to.equal(
        '[global]\nindex-url = https://user:secret@pypi.example.com/simple\n',
      );
      expect(await text('npmrc')).to.equal('registry=https://npm.example.com/\n');
      expect(settings.variables).to.include({
        PIP_CERT: '/run/host/ca.crt',
        PIP_CONFIG_FILE: '/run/host/pip.conf',
      });
      for (const value of Object.values(settings.variables))
        expect(value).to.match(/^\/run\/host\/[a-z.]+$/);
      return settings.folder;
    });
    expect(existsSync(folder)).to.equal(false);
  });

  it('leave out what the machine does not have', async () => {
    await withHostSettings(readConfig({ HOME: home }), async ({ variables }) => {
      expect(Object.keys(variables)).not.to.include.members([
        'SSL_CERT_FILE',
        'NPM_CONFIG_USERCONFIG',
      ]);
    });
  });

  it('are declared in every stage, and nowhere else', () => {
    const text = 'ARG BASE=x\nFROM $BASE AS a\nRUN echo FROM here\nFROM a\n';
    expect(declareArguments(text, ['K', 'L'])).to.equal(
      'ARG BASE=x\nFROM $BASE AS a\nARG K\nARG L\nRUN echo FROM here\nFROM a\nARG K\nARG L\n',
    );
  });
});
