// The view of the file system: what a command sees of it, and that the host's stays as it is.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { everything, isolate, leftovers, linesOf } from '../library.mjs';

const folder = mkdtempSync('/tmp/files-');
writeFileSync(`${folder}/file`, 'of the host\n');

export const checks = {
  'the safe default: nothing of the host can be written, /tmp and /dev are its own': async () => {
    const script =
      'ls -A /tmp | wc -l; touch /tmp/x && echo mine; touch /etc/x 2>/dev/null || echo refused; echo /dev/*';
    const [count, mine, refused, devices] = await linesOf(isolate().cwd('/'), script);
    assert.deepEqual([count, mine, refused], ['0', 'mine', 'refused']);
    assert.match(devices, /^\/dev\/fd \/dev\/full .*\/dev\/null /);
    return devices;
  },
  'a new root, a missing place in a read-only tree, a file with contents': async () => {
    const empty = everything
      .emptyRoot()
      .dev()
      .roBind('/bin')
      .tryRoBind('/lib')
      .tryRoBind('/usr')
      .file('/text', 'contents\n');
    assert.deepEqual(await linesOf(empty, 'cat /text; touch /x 2>/dev/null || echo refused'), ['contents', 'refused']);
    const added = isolate().roBind(`${folder}/file`, '/etc/deep/place').cwd('/');
    assert.deepEqual(await linesOf(added, 'cat /etc/deep/place'), ['of the host']);
    assert.equal(existsSync('/etc/deep'), false);
  },
  'nothing of it is left': async () => {
    const before = [leftovers(), readFileSync('/proc/self/mountinfo', 'utf8')];
    await isolate().cwd('/').tmpfs('/mnt').run('true');
    assert.deepEqual([leftovers(), readFileSync('/proc/self/mountinfo', 'utf8')], before);
  },
};
