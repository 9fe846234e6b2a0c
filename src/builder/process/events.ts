import { type Channel, channel } from 'node:diagnostics_channel';
import type { NamespaceKind } from '../../ns/index.js';
import type { Command } from '../spec/process-spec.js';
import type { Exit } from './exit.js';

/** What the events of one launch have in common. None has anything of the environment. */
export interface LaunchedCommand {
  /** The same for all events of one launch, and of no other of this thread. */
  readonly id: number;
  readonly command: Command;
}

/** A plan was made. A command that is started from the same sandbox again needs no new one, and has no such event. */
export interface CompileEvent extends LaunchedCommand {
  /** How many steps the plan has. */
  readonly steps: number;
  /** Milliseconds that it took. */
  readonly duration: number;
}

/** A launch begins: it may have to wait for its turn. */
export interface LaunchEvent extends LaunchedCommand {
  readonly steps: number;
  /** The kinds of namespaces that are to be new. */
  readonly namespaces: readonly NamespaceKind[];
}

/** The process has become the command. */
export interface ExecEvent extends LaunchedCommand {
  readonly pid: number;
  /** Milliseconds since the launch began. */
  readonly duration: number;
}

/** A launch came to nothing, and nothing is left of it. */
export interface StepErrorEvent extends LaunchedCommand {
  /** A {@link StepError}, which knows the step; an AbortError, where the launch was aborted; a {@link LaunchTimeoutError}; or what this program lacked, or its group refused. */
  readonly error: Error;
  /** Milliseconds since the launch began. */
  readonly duration: number;
}

/** The command has ended. */
export interface ExitEvent extends LaunchedCommand {
  readonly pid: number;
  /** How, with what it used and how long it ran. */
  readonly exit: Exit;
}

/**
 * The channels of `node:diagnostics_channel` that this package publishes to, and what it publishes there. After `isolate:launch`
 * comes either `isolate:step-error`, or `isolate:exec` and at last `isolate:exit`. A channel that nobody subscribes to costs nothing.
 */
export interface IsolateEvents {
  readonly 'isolate:compile': CompileEvent;
  readonly 'isolate:launch': LaunchEvent;
  readonly 'isolate:exec': ExecEvent;
  readonly 'isolate:step-error': StepErrorEvent;
  readonly 'isolate:exit': ExitEvent;
}

type Name = keyof IsolateEvents;

const channels: Readonly<Record<Name, Channel>> = {
  'isolate:compile': channel('isolate:compile'),
  'isolate:launch': channel('isolate:launch'),
  'isolate:exec': channel('isolate:exec'),
  'isolate:step-error': channel('isolate:step-error'),
  'isolate:exit': channel('isolate:exit'),
};

/** Channels, to subscribe to all of them. */
export const channelNames = Object.keys(channels) as readonly Name[];

let lastId = 0;

/** Tells of one launch who wants to know. */
export class LaunchEvents {
  readonly #about: LaunchedCommand;

  constructor(command: Command) {
    this.#about = { id: ++lastId, command };
  }

  /** @param details - called only if somebody listens. */
  publish<N extends Name>(name: N, details: () => Omit<IsolateEvents[N], keyof LaunchedCommand>): void {
    const to = channels[name];
    // What a subscriber throws becomes an uncaught exception of a later tick: see diagnostics_channel.
    if (to.hasSubscribers) to.publish({ ...this.#about, ...details() });
  }
}
