import { StepError } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { readConfig } from '../config.ts';
import { trainOptions } from './options.ts';

const needed = ['--store', 'file:///s', '--dataset', `sha256:${'a'.repeat(64)}`, '--release', 'r'];
const config = (env: NodeJS.ProcessEnv = {}) => readConfig({ ...env });

describe('options of train', () => {
  const refused: [string, string[], string][] = [
    ['a negative number of epochs', ['--epochs', '-1'], '--epochs'],
    ['half an epoch', ['--epochs', '1.5'], '--epochs'],
    ['a learning rate of 0', ['--learning-rate', '0'], '--learning-rate'],
    ['an unknown architecture', ['--architecture', 'resnet'], '--architecture'],
    ['an unknown backbone', ['--image-backbone', 'vit'], '--image-backbone'],
    ['a device that there is not', ['--device', 'tpu'], '--device'],
    ['a picture too small for the backbone', ['--image-size', '8'], '--image-size'],
    ['a search of one configuration', ['--search-configurations', '1'], '--search-configurations'],
    ['a search without time', ['--search-minutes', '0'], '--search-minutes'],
    [
      'a search where there is nothing to find',
      ['--architecture', 'lstm-cnn', '--search-minutes', '5'],
      '--search-minutes',
    ],
    ['a misspelt option', ['--epoch', '3'], '--epoch'],
  ];
  for (const [what, args, named] of refused)
    it(`refuse ${what}`, () => {
      const parse = () => trainOptions([...needed, ...args], config());
      expect(parse).to.throw(StepError, named).with.property('reason', 'BadConfiguration');
    });

  for (const missing of ['--store', '--dataset', '--release'])
    it(`miss ${missing}`, () => {
      const at = needed.indexOf(missing);
      const parse = () => trainOptions(needed.toSpliced(at, 2), config());
      expect(parse).to.throw(StepError, missing);
    });

  it('ask for a search by either of its limits, and for none without', () => {
    const search = (...args: string[]) => trainOptions([...needed, ...args], config()).search;
    expect(search()).to.equal(null);
    expect(search('--search-minutes', '5')).to.deep.equal({ minutes: 5, configurations: 8 });
    expect(search('--search-configurations', '4')).to.deep.equal({
      minutes: 30,
      configurations: 4,
    });
  });

  it('take the device and the backbone from the environment unless told', () => {
    const env = config({ TRAIN_DEVICE: 'gpu', BACKBONE_DIR: '/opt/backbone' });
    expect(trainOptions(needed, env)).to.include({ device: 'gpu', backboneDir: '/opt/backbone' });
    const told = [...needed, '--device', 'cpu', '--backbone', '/b'];
    expect(trainOptions(told, env)).to.include({ device: 'cpu', backboneDir: '/b' });
    expect(trainOptions(needed, config())).to.include({ device: 'cpu' });
  });
});
