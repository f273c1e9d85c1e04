import { spawnSync } from 'node:child_process';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSafetensors } from './safetensors.ts';

const script = join(import.meta.dirname, 'convert.py');

/** Writes torch's old file format without torch: pickles of magic, version, system, tensors and keys, then the storages. */
const writer = `
import collections, os, pickle, struct, sys, types
class Storage: pass
utils = types.ModuleType("torch._utils"); torch = types.ModuleType("torch")
def _rebuild_tensor_v2(*a): return a
_rebuild_tensor_v2.__module__ = "torch._utils"; utils._rebuild_tensor_v2 = _rebuild_tensor_v2
class FloatStorage: pass
FloatStorage.__module__ = "torch"; torch.FloatStorage = FloatStorage
sys.modules.update({"torch": torch, "torch._utils": utils})
class Tensor:
    def __init__(self, shape, strides): self.shape, self.strides = shape, strides
    def __reduce__(self):
        return _rebuild_tensor_v2, (Storage(), 1, self.shape, self.strides, False, collections.OrderedDict())
class Evil:
    def __reduce__(self): return os.system, ("touch " + sys.argv[1] + ".ran",)
class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage): return ("storage", FloatStorage, "0", "cpu", 7, None)
tensors = {"a": Tensor((2, 3), (1, 2)), "_fc.weight": Tensor((1,), (1,))}
if sys.argv[2] == "evil": tensors["a"] = Evil()
with open(sys.argv[1], "wb") as file:
    for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(value, file, 2)
    Pickler(file, 2).dump(collections.OrderedDict(tensors))
    pickle.dump(["0"], file, 2)
    file.write(struct.pack("<q7f", 7, *range(7)))
`;

describe('the conversion of torch weights', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'convert-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  function convert(kind: 'plain' | 'evil') {
    const written = spawnSync('python3', ['-c', writer, path('in.pth'), kind], {
      encoding: 'utf8',
    });
    expect(written.stderr).to.equal('');
    return spawnSync('python3', [script, path('in.pth'), path('out')], { encoding: 'utf8' });
  }

  it('puts a transposed tensor into row-major order and leaves the classifier out', async () => {
    expect(convert('plain').stderr).to.equal('');
    const { floats: weights } = readSafetensors(await readFile(path('out')));
    expect([...weights.keys()]).to.deep.equal(['a']);
    expect(weights.get('a')).to.deep.equal({
      shape: [2, 3],
      data: Float32Array.of(1, 3, 5, 2, 4, 6),
    });
  });

  it('runs no code that the file brings', async () => {
    expect(convert('evil').stderr).to.contain('has no place in a file of weights');
    const ran = await access(path('in.pth.ran')).then(
      () => true,
      () => false,
    );
    expect(ran).to.equal(false);
  });
});
