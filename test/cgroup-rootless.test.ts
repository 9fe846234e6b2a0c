// What an ordinary user is told that may not have a group, or not use one: what to do here.
import { chownSync, existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cgroup, cgroupAccess, openCgroup } from '../src/cgroup/index.js';
import { bare, type Sandbox } from '../src/index.js';
import { either, rootOnly, skipUnless } from './helpers/can.js';
import { layouts, noGroups } from './helpers/groups.js';
import { output } from './helpers/inside.js';
import { programOf, repository } from './helpers/program.js';

interface Told {
  readonly code: string;
  readonly message: string;
  readonly help?: string;
}

const nobody: Sandbox = bare().uid(65534).gid(65534).groups();

/** What a user without any rights is told. */
async function told(expression: string): Promise<Told> {
  const tell = '({ code, message, help }) => ({ code, message, help })';
  const [file, args] = programOf(`console.log(JSON.stringify(await (async () => ${expression})().catch(${tell})))`);
  return JSON.parse(await output(nobody.cwd(repository), file, ...args)) as Told;
}

const { bases } = cgroupAccess();
const isDelegating = existsSync('/run/systemd/system') && bases.some(({ version }) => version === 2);
const way = isDelegating ? /systemd-run|mkdir GROUP/ : /mkdir GROUP; chown -R USER GROUP/;

skipUnless(
  test,
  either(rootOnly(), noGroups),
  'who may make no group is told how to get one, on this host',
  async () => {
    const { code, help } = await told('cgroup.openCgroup({ limits: { pids: { max: 5 } } })');
    assert.is(code, 'ERR_ISOLATE_SPEC');
    assert.match(help ?? 'none', way);
    if (!existsSync('/run/systemd/system')) assert.not.match(help ?? '', /systemd/);
  },
);

skipUnless(
  test,
  either(rootOnly(), noGroups),
  'and that single processes can be limited, where that would do',
  async () => {
    const run = (limits: string) => told(`bare().limits(${limits}).run('true')`);
    const fallback = /fallback: 'rlimit' \}\), or --rlimit-fallback$/;
    assert.match((await run("{ memory: '2G', pids: 500 }")).help ?? 'none', fallback);
    for (const limits of ["{ memory: '2G', cpus: 1 }", "{ memory: 'much' }", '{ cpus: 1 }']) {
      assert.not.match((await run(limits)).help ?? 'none', fallback, limits);
    }
  },
);

const noUnified = bases.some(({ version }) => version === 2) ? undefined : 'there is no cgroup v2';

/** Gives a group to a user, as an administrator does. */
function give(group: Cgroup, id: number): void {
  for (const path of group.paths) {
    for (const file of ['', '/cgroup.procs', '/cgroup.subtree_control', '/cgroup.threads'])
      chownSync(path + file, id, id);
  }
}

skipUnless(
  test,
  either(rootOnly(), noGroups, noUnified),
  'who starts a command in a group of its own, from outside of what it was given, is told where to start from',
  async () => {
    const [{ options } = { options: {} }] = layouts();
    const group = await openCgroup(options);
    try {
      give(group, 65534);
      const parts = JSON.stringify(group.parts.filter(({ version }) => version === 2));
      const { code, message, help } = await told(`bare().cgroup({ parts: ${parts} }).run('true')`);
      assert.is(code, 'EACCES', message);
      assert.match(
        help ?? 'none',
        /cgroup\.procs in the nearest group above both places: start this program in a group below/,
      );
    } finally {
      await group.remove();
    }
  },
);

test.run();
