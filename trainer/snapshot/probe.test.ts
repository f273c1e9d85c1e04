import { decoderVersions } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { pictureProbe } from './probe.ts';

describe('the probe of pictures', () => {
  for (const library of ['vips', 'libjpeg-turbo'])
    it(`is another where the version of ${library} is`, () => {
      const version = decoderVersions()[library];
      expect(version).to.match(/^\d+\./);
      expect(pictureProbe).to.contain(`${library} ${version}`);
    });
});
