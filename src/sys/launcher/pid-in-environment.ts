import { environment, input } from '../args.js';
import { getpid } from '../calls/process.js';
import { Step } from '../step.js';

/** As many digits as a pid can have, for the launcher to write over. */
const noPid = '0000000000';

/** A variable that will say the pid of the process that has it. */
export function pidVariable(name: string): string {
  return `${name}=${noPid}`;
}

const variables = environment('char *const envp[]');

/** Where the digits of the variable are: in the list that a later execve(2) takes, laid down here once for both. */
const digitsIn = (name: string) =>
  input<readonly string[]>('…', {
    encode: (envp, block) => {
      const list = variables.encode(envp, block) as number;
      const at = list - block.address + envp.indexOf(pidVariable(name)) * 8;
      return block.word(at) + name.length + 1;
    },
    render: () => '',
  });

/**
 * A step that writes the pid of its process, as that one sees it, into a {@link pidVariable} of the environment that the same process
 * is about to give to a command: getpid(2), whose result the launcher writes in decimal.
 */
export function writePid(envp: readonly string[], name: string): Step {
  return new Step({ ...getpid.info, args: [digitsIn(name)] }, [envp]).as('decimal');
}
