import { dup3, type Fd, Late, late, type Message, O, type Operand, type Step, sendmsg } from '../../sys/index.js';

/** Descriptors of the child that this program gets copies of: each comes over a line that is there for it alone. */
export const givenBack = { changes: 'changes', terminal: 'terminal' } as const;

export type GivenBack = (typeof givenBack)[keyof typeof givenBack];

/** The name of the child's end of a line. */
export const lineOf = (name: GivenBack): string => `${name}, child`;

/** Where a descriptor is brought to, so that a message can name it; and the line over which it goes. */
export interface WayBack {
  readonly number: Fd;
  readonly line: Fd;
}

/** The same as {@link giveBack}, by init: it has both in places that are known. */
export function giveBackByInit(fd: Operand<Fd>, { number, line }: WayBack, why: string): Step[] {
  const message: Message = { data: '!', fds: [number] };
  return [
    dup3.step(fd, number, O.CLOEXEC).because('under a number that the message can name'),
    sendmsg.step(line, message, 0).because(why),
  ];
}

/** Steps of the child that give a descriptor to this program. */
export function giveBack(fd: Operand<Fd>, name: GivenBack, why: string): Step[] {
  const message = new Late<Message>([name], `{msg_control=[SCM_RIGHTS <${name}>]}`, (number) => ({
    data: '!',
    fds: [number],
  }));
  return [
    dup3.step(fd, late(name), O.CLOEXEC).because('under a number that the message can name'),
    sendmsg.step(late(lineOf(name)), message, 0).because(why),
  ];
}
