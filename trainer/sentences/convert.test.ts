import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSafetensors } from '../backbone/safetensors.ts';

const script = join(import.meta.dirname, 'convert.py');

/** Writes an .npz with an embedding of 34 pieces in 17 parts, and a sentencepiece model of 33, with plain Python. */
const writer = `
import struct, sys, zipfile
folder = sys.argv[1]
def npy(descr, shape, data):
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    return b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(header)) + header + data
with zipfile.ZipFile(folder + "/weights.npz", "w") as archive:
    for part in range(17):
        rows = bytes([part, part + 100, 17 + part, 117 + part])
        archive.writestr(f"q{part + 1}.npy", npy("|u1", (2, 2), rows))
    archive.writestr("sum.npy", npy("<f4", (1, 2), struct.pack("<2f", 0.5, -2)))
    archive.writestr("eps.npy", npy("<f8", (), struct.pack("<d", 1)))
def field(number, data): return bytes([number << 3 | 2, len(data)]) + data
with open(folder + "/sp.model", "wb") as file:
    for i in range(33):
        score = struct.pack("<f", -i / 10)
        file.write(field(1, field(1, f"é{i}".encode()) + b"\\x15" + score))
    file.write(field(2, b"a specification"))
`;

describe('the conversion of the sentence encoder', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'convert-'));
    const python = (...args: string[]) => {
      const { stderr } = spawnSync('python3', args, { encoding: 'utf8' });
      expect(stderr).to.equal('');
    };
    python('-c', writer, folder);
    python(script, join(folder, 'weights.npz'), join(folder, 'sp.model'), join(folder, 'out'));
  });
  after(() => rm(folder, { recursive: true }));

  it('puts the parts of the embedding together, a row for each piece', async () => {
    const { bytes, floats } = readSafetensors(await readFile(join(folder, 'out.safetensors')));
    const { shape, data } = bytes.get('table') ?? { shape: [], data: new Uint8Array() };
    expect(shape).to.deep.equal([33, 2]);
    const rows = Array.from({ length: 33 }, (_, i) => [i, i + 100]);
    expect([...data]).to.deep.equal(rows.flat());
    expect([...floats]).to.deep.equal([['sum', { shape: [1, 2], data: Float32Array.of(0.5, -2) }]]);
  });

  it('lists pieces and scores', async () => {
    const file = JSON.parse(await readFile(join(folder, 'out.pieces.json'), 'utf8'));
    expect(file.pieces).to.have.length(33);
    expect([file.pieces[7], file.scores[7]]).to.deep.equal(['é7', -0.7]);
  });
});
