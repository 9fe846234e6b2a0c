/** How people write sizes, lengths of time and signals. */
export { type Duration, parseDuration, readDuration } from './duration.js';
export { type Signal, signalName, signalNumber } from './signal.js';
export { parseSize, type Size } from './size.js';
