import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { StepError } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForEach } from '../folder.fixture.ts';
import { layOut, snapshotsIn, testIo, testProducts, write } from '../snapshot/fixture.ts';
import { importDownload } from './import.ts';

/** A zip of these files, as any program writes one. */
function zip(files: Record<string, Buffer>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, tail, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

describe('import', () => {
  const folder = folderForEach();

  const at = (...names: string[]) => join(folder.path, ...names);
  const bring = async (from: string, to = 'to') => {
    const { io, scratchLeft } = await testIo(folder.path);
    try {
      return await importDownload(at(from), folder.url(to), io);
    } finally {
      expect(await scratchLeft()).to.deep.equal([]);
    }
  };
  const refusal = async (from: string) => {
    const error = await bring(from).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(StepError);
    return (error as Error).message;
  };

  /** The files of a download, with the names that the challenge gives them. */
  async function downloaded(): Promise<Record<string, Buffer>> {
    await layOut(at('plain'), await testProducts());
    const files: Record<string, Buffer> = {
      'X_train_update.csv': await readFile(at('plain', 'X_train.csv')),
      'Y_train_CVw08PX.csv': await readFile(at('plain', 'Y_train.csv')),
      'X_test_update.csv': Buffer.from(',designation\n'),
      'images/image_test/image_1_product_2.jpg': Buffer.from('test'),
    };
    for (const name of await readdir(at('plain', 'images/image_train'))) {
      files[`images/image_train/${name}`] = await readFile(at('plain', 'images/image_train', name));
    }
    return files;
  }

  const snapshotOf = (name: string) =>
    snapshotsIn(folder).takeLaid({
      from: folder.url(name),
      store: folder.url(`store-${name}`),
      maximumInvalidPercent: 0,
    });

  const shapes: [string, (files: Record<string, Buffer>) => Promise<void>][] = [
    [
      'a folder',
      async (files) => {
        for (const [name, bytes] of Object.entries(files)) await write(at('from'), name, bytes);
      },
    ],
    ['one zip', async (files) => writeFile(at('from'), zip(files))],
    [
      'tables and images.zip in a folder',
      async (files) => {
        const isPicture = (name: string) => name.startsWith('images/');
        const entries = Object.entries(files);
        await write(
          at('from'),
          'images.zip',
          zip(Object.fromEntries(entries.filter(([name]) => isPicture(name)))),
        );
        for (const [name, bytes] of entries)
          if (!isPicture(name)) await write(at('from'), `deeper/${name}`, bytes);
      },
    ],
  ];
  for (const [name, lay] of shapes) {
    it(`brings ${name} into the layout that snapshot reads`, async () => {
      await lay(await downloaded());
      expect(await bring('from')).to.deep.equal({ pictures: 20, present: 0, tooLarge: 0 });
      expect((await readdir(at('to'))).sort()).to.deep.equal([
        'X_train.csv',
        'Y_train.csv',
        'images',
      ]);
      expect((await snapshotOf('to')).digest).to.equal((await snapshotOf('plain')).digest);
    });
  }

  it('sends only what is not there when it is started again', async () => {
    await writeFile(at('from'), zip(await downloaded()));
    await bring('from');
    const pictures = await readdir(at('to', 'images/image_train'));
    await writeFile(at('to', 'images/image_train', pictures[3] as string), 'half');
    expect(await bring('from')).to.deep.equal({ pictures: 20, present: 19, tooLarge: 0 });
    expect((await snapshotOf('to')).counts.invalid).to.equal(0);
  });

  it('leaves no tables when it was interrupted', async () => {
    await writeFile(at('from'), zip(await downloaded()));
    const { io, interruption } = await testIo(folder.path);
    interruption.abort(new StepError('Interrupted', 'stopped'));
    const error = await importDownload(at('from'), folder.url('to'), io).catch((e: unknown) => e);
    expect(error).to.have.property('reason', 'Interrupted');
    expect(await readdir(at('to')).catch(() => [])).to.not.include('X_train.csv');
  });

  it('says what is missing', async () => {
    const { 'Y_train_CVw08PX.csv': _, ...files } = await downloaded();
    await writeFile(at('from'), zip(files));
    expect(await refusal('from')).to.match(/^There is no Y_train\*\.csv in .*from\.$/);
    expect(await refusal('nowhere')).to.match(/^The download .*nowhere cannot be read: ENOENT/);
    const tables = Object.fromEntries(
      Object.entries(await downloaded()).filter(([name]) => name.endsWith('.csv')),
    );
    await writeFile(at('from'), zip(tables));
    expect(await refusal('from')).to.match(
      /^There is no picture image_<imageid>_product_<productid>\.jpg in/,
    );
    await writeFile(at('from'), zip({ ...(await downloaded()), 'X_train.csv': Buffer.from('') }));
    expect(await refusal('from')).to.match(
      /several X_train\*\.csv in .*: X_train_update\.csv, X_train\.csv; leave one/,
    );
  });

  it('refuses a zip that is damaged, and names it', async () => {
    await writeFile(at('from'), 'no zip');
    expect(await refusal('from')).to.match(/from is no zip, or damaged: .*; download it again\.$/);
    const whole = zip(await downloaded());
    await writeFile(at('from'), whole.subarray(0, whole.length / 2));
    expect(await refusal('from')).to.match(/is no zip, or damaged/);
    // The contents of an entry: what inflates is not what was packed.
    const spoilt = Buffer.from(whole);
    spoilt.fill(0xff, whole.length - 6000, whole.length - 5900);
    const spoiltAt = spoilt.indexOf('PK\x03\x04', 4000);
    spoilt.fill(0xff, spoiltAt + 80, spoiltAt + 90);
    await writeFile(at('from'), spoilt);
    expect(await refusal('from')).to.match(/cannot be read|damaged/);
  });
});
