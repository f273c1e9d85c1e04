import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { tensorflowVersion } from '../../trainer/native/tensorflow-wheels.ts';

describe('the Keras beside which a step is measured', () => {
  it('runs on the very TensorFlow that the trainer uses', async () => {
    const text = await readFile(new URL('requirements.txt', import.meta.url), 'utf8');
    expect(text.split('\n')).to.include(`tensorflow-cpu==${tensorflowVersion}`);
    expect(text).to.match(/^keras==3\./m);
  });
});
