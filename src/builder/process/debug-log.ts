import { subscribe } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import { match } from 'ts-pattern';
import { channelNames, type IsolateEvents } from './events.js';
import type { Exit } from './exit.js';

const log = debuglog('isolate');

/** `NODE_DEBUG=isolate` prints every event, a line each, to stderr. */
if (log.enabled) {
  for (const name of channelNames)
    subscribe(name, (event) => log('%s', lineOf(name, event as IsolateEvents[typeof name])));
}

type Name = keyof IsolateEvents;
type Named = { [N in Name]: { readonly name: N; readonly event: IsolateEvents[N] } }[Name];

function lineOf(name: Name, event: IsolateEvents[Name]): string {
  const { id, command } = event;
  const what = match({ name, event } as Named)
    .with({ name: 'isolate:compile' }, ({ event: { steps, duration } }) => `compile ${steps} steps, ${ms(duration)}`)
    .with({ name: 'isolate:launch' }, ({ event: { steps, namespaces } }) => {
      const kinds = namespaces.length === 0 ? 'no new namespaces' : `new ${namespaces.join(', ')}`;
      return `launch ${JSON.stringify([command.file, ...command.args])}, ${steps} steps, ${kinds}`;
    })
    .with({ name: 'isolate:exec' }, ({ event: { pid, duration } }) => `exec pid ${pid}, ${ms(duration)}`)
    .with({ name: 'isolate:step-error' }, ({ event: { error, duration } }) => {
      return `step-error ${JSON.stringify(error.message)}, ${ms(duration)}`;
    })
    .with({ name: 'isolate:exit' }, ({ event: { pid, exit } }) => `exit pid ${pid}, ${endOf(exit)}`)
    .exhaustive();
  return `#${id} ${what}`;
}

function endOf(exit: Exit): string {
  const how = match(exit)
    .with({ kind: 'exited' }, ({ code }) => `exited ${code}`)
    .with({ kind: 'oom' }, () => 'out of memory')
    .with({ kind: 'signaled' }, ({ signal, coreDumped }) => `signaled ${signal}${coreDumped ? ' (core dumped)' : ''}`)
    .with({ kind: 'timeout' }, ({ limit, code, signal }) => `timeout of ${limit} ms: ${signal ?? code}`)
    .with({ kind: 'killed' }, ({ by, code, signal }) => `killed by ${by}: ${signal ?? code}`)
    .exhaustive();
  return `${how}, ${ms(exit.wallTime)}`;
}

function ms(duration: number): string {
  return `${duration.toFixed(1)} ms`;
}
