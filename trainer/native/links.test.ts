import { expect } from 'chai';
import { missingLibraries, searchPath } from './links.ts';

describe('missingLibraries', () => {
  const cases: { name: string; ldd: string; missing: string[] }[] = [
    {
      name: 'finds nothing where all is found',
      ldd: '\tlinux-vdso.so.1 (0x0)\n\tlibm.so.6 => /lib/libm.so.6 (0x0)\n\t/lib64/ld-linux-x86-64.so.2 (0x0)\n',
      missing: [],
    },
    {
      name: 'names each missing library once',
      ldd: '\tliba.so.1 => not found\n\tlibb.so.2 => not found\n\tliba.so.1 => not found\n',
      missing: ['liba.so.1', 'libb.so.2'],
    },
    {
      name: 'leaves the driver to the node',
      ldd: '\tlibcuda.so.1 => not found\n\tlibcudart.so.12 => not found\n\tlibnvidia-ml.so.1 => not found\n',
      missing: ['libcudart.so.12'],
    },
    { name: 'reads a library without dependencies', ldd: '\tstatically linked\n', missing: [] },
  ];
  for (const { name, ldd, missing } of cases) {
    it(name, () => expect(missingLibraries(ldd)).to.deep.equal(missing));
  }
});

describe('searchPath', () => {
  const line = (value: string) => ` 0x1d (RUNPATH)            Library runpath: [${value}]\n`;
  const cases: { name: string; dynamic: string; folders: string[] }[] = [
    {
      name: 'resolves $ORIGIN, each folder once',
      dynamic: line('$ORIGIN/../nvidia/x/lib:/opt/y:$ORIGIN/../nvidia/x/lib'),
      folders: ['/a/nvidia/x/lib', '/opt/y'],
    },
    { name: 'is empty without a run path', dynamic: ' 0x1 (NEEDED) [libc.so.6]\n', folders: [] },
  ];
  for (const { name, dynamic, folders } of cases) {
    it(name, () => expect(searchPath(dynamic, '/a/tensorflow')).to.deep.equal(folders));
  }
});
