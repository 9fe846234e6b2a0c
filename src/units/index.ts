/** How people write sizes and lengths of time. */
export { type Duration, parseDuration, readDuration } from './duration.js';
export { parseSize, type Size } from './size.js';
