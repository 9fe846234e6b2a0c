// That the checks are about what they say: arm64, for all parts of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { bare, linesOf } from '../library.mjs';

/** e_machine of an ELF file: EM_AARCH64. */
const aarch64 = 183;

/** The files whose code this process has in its memory. */
function loadedFiles() {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
  const files = lines.map((line) => /^\S+ r-x\S* .* (\/.+)$/.exec(line)?.[1]);
  return [...new Set(files)].filter((file) => file !== undefined);
}

export const checks = {
  'the kernel, Node, the addon and the launcher are arm64': async () => {
    assert.equal(process.arch, 'arm64');
    assert.deepEqual(await linesOf(bare(), 'uname -m'), ['aarch64']);
    const files = loadedFiles();
    for (const name of ['/node', '/ffi-rs.linux-arm64-gnu.node', '/prebuilds/linux-arm64/launcher.so']) {
      const file = files.find((loaded) => loaded.endsWith(name));
      assert.ok(file !== undefined, `${name} is not in ${files.join(' ')}`);
      assert.equal(readFileSync(file).readUInt16LE(18), aarch64);
    }
    return `Linux ${release()}, Node ${process.version}`;
  },
};
