/** A signal that is aborted as soon as one of two is. */
export interface EitherSignal {
  readonly signal: AbortSignal | undefined;
  /** It no longer listens to them. */
  release(): void;
}

/** As `AbortSignal.any()` of Node 20.3. */
export function eitherSignal(one: AbortSignal | undefined, other: AbortSignal | undefined): EitherSignal {
  if (one === undefined || other === undefined) return { signal: one ?? other, release: () => {} };
  const both = new AbortController();
  const listen = (source: AbortSignal) => {
    const abort = () => both.abort(source.reason);
    if (source.aborted) abort();
    source.addEventListener('abort', abort, { once: true });
    return () => source.removeEventListener('abort', abort);
  };
  const stops = [listen(one), listen(other)];
  return { signal: both.signal, release: () => stops.forEach((stop) => void stop()) };
}
