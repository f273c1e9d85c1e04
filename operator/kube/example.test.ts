import { readFile } from 'node:fs/promises';
import { expect } from 'chai';

describe('the README of the engine', () => {
  it('shows the example that is tested', async () => {
    const read = (name: string) => readFile(new URL(name, import.meta.url), 'utf8');
    expect(await read('README.md')).to.contain(`\`\`\`ts\n${await read('example.ts')}\`\`\``);
  });
});
