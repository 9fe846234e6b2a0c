/** A signal that is aborted as soon as one of several is. */
export interface EitherSignal {
  /** Undefined where there is none of them. */
  readonly signal: AbortSignal | undefined;
  /** It no longer listens to them. */
  release(): void;
}

/** As `AbortSignal.any()` of Node 20.3. */
export function eitherSignal(...sources: readonly (AbortSignal | undefined)[]): EitherSignal {
  const given = sources.flatMap((source) => source ?? []);
  if (given.length < 2) return { signal: given[0], release: () => {} };
  const either = new AbortController();
  const stops = given.map((source) => {
    const abort = () => either.abort(source.reason);
    if (source.aborted) abort();
    source.addEventListener('abort', abort, { once: true });
    return () => source.removeEventListener('abort', abort);
  });
  return { signal: either.signal, release: () => stops.forEach((stop) => void stop()) };
}
