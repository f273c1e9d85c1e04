import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cudaCodeOf } from './cuda-code.ts';

/** A program of a kind (1: PTX, 2: ELF) for an architecture, with so many bytes of code. */
function program(kind: number, architecture: number, bytes: number): Buffer {
  const entry = Buffer.alloc(64 + bytes, 0xaa);
  entry.fill(0, 0, 64);
  entry.writeUInt16LE(kind, 0);
  entry.writeUInt32LE(64, 4);
  entry.writeBigUInt64LE(BigInt(bytes), 8);
  entry.writeUInt32LE(architecture, 28);
  return entry;
}

function fatbin(...programs: Buffer[]): Buffer {
  const body = Buffer.concat(programs);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(0xba55ed50, 0);
  header.writeUInt16LE(16, 6);
  header.writeBigUInt64LE(BigInt(body.length), 8);
  return Buffer.concat([header, body]);
}

/** A library of one section of that name. */
function elf(section: string, content: Buffer): Buffer {
  const names = Buffer.from(`\0.shstrtab\0${section}\0`);
  const header = Buffer.alloc(64);
  const table = Buffer.alloc(64 * 2);
  header.writeBigUInt64LE(BigInt(64 + names.length + content.length), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(2, 60);
  const put = (index: number, name: number, offset: number, size: number) => {
    table.writeUInt32LE(name, index * 64);
    table.writeBigUInt64LE(BigInt(offset), index * 64 + 24);
    table.writeBigUInt64LE(BigInt(size), index * 64 + 32);
  };
  put(0, 1, 64, names.length);
  put(1, 11, 64 + names.length, content.length);
  return Buffer.concat([header, names, content, table]);
}

describe('for which GPUs a library holds code', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cuda-'));
  });
  afterEach(() => rm(dir, { recursive: true }));
  async function codeOf(bytes: Buffer) {
    await writeFile(join(dir, 'library.so'), bytes);
    return await cudaCodeOf(join(dir, 'library.so'));
  }

  it('is counted by kind and architecture, over all of its fat binaries', async () => {
    const first = fatbin(program(2, 80, 24), program(2, 90, 8), program(1, 90, 40));
    const second = fatbin(program(2, 90, 16));
    const content = Buffer.concat([first, Buffer.alloc(24), second, Buffer.alloc(8)]);
    expect(await codeOf(elf('.nv_fatbin', content))).to.deep.equal({
      sm_80: 1,
      sm_90: 2,
      compute_90: 1,
    });
  });

  it('is none where there is no such section', async () => {
    expect(await codeOf(elf('.text', fatbin(program(2, 90, 8))))).to.deep.equal({});
  });

  it('is an error where the file was cut', async () => {
    const whole = elf('.nv_fatbin', fatbin(program(2, 90, 8)));
    const error = await codeOf(whole.subarray(0, whole.length - 10)).catch((e: unknown) => e);
    expect(error).to.match(/The file ends at/);
  });
});
