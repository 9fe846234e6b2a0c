interface Waiter<T> {
  /** The how manieth it is. */
  readonly number: number;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Who waits for something, in the order in which they came. */
export class Waiters<T> {
  readonly #waiting = new Set<Waiter<T>>();
  #came = 0;

  get count(): number {
    return this.#waiting.size;
  }

  /** How many have come so far. */
  get came(): number {
    return this.#came;
  }

  /**
   * Waits.
   *
   * @throws AbortError - the signal was aborted before its turn came.
   */
  wait(signal: AbortSignal | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = () => {
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter<T> = {
        number: ++this.#came,
        resolve: (value) => {
          stop();
          resolve(value);
        },
        reject: (error) => {
          stop();
          reject(error);
        },
      };
      const onAbort = () => waiter.reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** Gives it to the first; false where nobody waits. */
  resolve(value: T): boolean {
    const [first] = this.#waiting;
    first?.resolve(value);
    return first !== undefined;
  }

  /** Refuses the first, if it is one of the first that came. */
  reject(error: unknown, ofTheFirst: number): void {
    const [first] = this.#waiting;
    if (first !== undefined && first.number <= ofTheFirst) first.reject(error);
  }

  rejectAll(error: unknown): void {
    for (const waiter of [...this.#waiting]) waiter.reject(error);
  }
}
