// New namespaces: what a command sees of them from inside.
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { everything, isolate, kinds, linesOf, ns } from '../library.mjs';

const filesOf = (kinds) => kinds.map((kind) => ns.namespaces[kind].file);
const readLinks = (files) => `cd /proc/self/ns; for file in ${files.join(' ')}; do readlink $file; done`;

export const checks = {
  'all namespaces in one launch: root, its own host name, a child of init, an empty /proc': async () => {
    const sandbox = everything.hostname('box').loopback();
    const script =
      'id -u; id -g; hostname; echo $$; echo /proc/[0-9]*; tail -n +3 /proc/net/dev | cut -d: -f1; uname -m';
    const [uid, gid, name, pid, processes, ...rest] = await linesOf(sandbox, script);
    assert.deepEqual({ uid, gid, name, pid }, { uid: '0', gid: '0', name: 'box', pid: '2' });
    assert.equal(processes, '/proc/1 /proc/2');
    assert.deepEqual(
      rest.map((line) => line.trim()),
      ['lo', 'aarch64'],
    );
    assert.equal(hostname(), 'machine');
    return `uid ${uid}, host name ${name}, process ${pid} of ${processes}`;
  },
  'each of them is another one than that of the caller': async () => {
    const files = filesOf(kinds);
    const inside = await linesOf(everything, readLinks(files));
    const outside = files.map((file) => readlinkSync(`/proc/self/ns/${file}`));
    inside.forEach((link, i) => {
      assert.match(link, new RegExp(`^${files[i]}:\\[\\d+\\]$`));
      assert.notEqual(link, outside[i]);
    });
    return inside.join(' ');
  },
  'the loopback interface is up': async () => {
    const sandbox = everything.loopback();
    const [answer] = await linesOf(sandbox, 'ping -c 1 -W 5 127.0.0.1 | grep -c "1 packets received"');
    assert.equal(answer, '1');
  },
  'a mount inside does not appear outside': async () => {
    const [seen] = await linesOf(everything, 'mount -t tmpfs inside /tmp; grep -c "^inside " /proc/self/mounts');
    assert.equal(seen, '1');
    assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), /^inside /m);
  },
  'the safe default: no capabilities, no way to gain any, a session of its own': async () => {
    const lines = await linesOf(
      isolate(),
      "grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs):' /proc/self/status; cut -d' ' -f6 /proc/self/stat",
    );
    const sid = lines.pop();
    for (const line of lines) assert.match(line, line.startsWith('NoNewPrivs') ? /\t1$/ : /\t0{16}$/);
    assert.equal(lines.length, 6);
    assert.equal(sid, '2');
  },
};
