// Ends a run that takes too long or is no longer wanted, in one way: an AbortSignal.

/** Why a run was ended. `exitCode` is what a shell expects of a program that a signal would have killed. */
class Ended extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Gives `use` a signal that is aborted after some seconds, on Ctrl-C, when this program is asked to end, or unread. */
export async function withinLimits(seconds, use) {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => {
    controller.abort(
      new Ended(`it took more than ${seconds} s (--timeout SEC allows more); nothing of it is left running`),
    );
  }, seconds * 1000);
  const stop = (name) =>
    controller.abort(new Ended(`it was stopped by ${name}; nothing of it is left running`, exitCodes[name]));
  const unread = () => controller.abort(new Ended('nobody reads on', 141));
  for (const name of Object.keys(exitCodes)) process.on(name, stop);
  process.stdout.on('error', unread);
  try {
    return await use(signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    for (const name of Object.keys(exitCodes)) process.off(name, stop);
    process.stdout.off('error', unread);
  }
}
