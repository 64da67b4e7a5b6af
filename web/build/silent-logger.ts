/**
 * `@libp2p/logger` in the app's code. js-libp2p makes a logger for each of its parts, and nobody turns one on in a page of ours; the real one
 * brings its formatters, a debug library and three encodings with it.
 */

import type { ComponentLogger, Logger } from '@libp2p/interface'

export function defaultLogger(): ComponentLogger {
  return { forComponent: () => silent }
}

const silent: Logger = Object.assign(() => {}, {
  error: () => {},
  trace: () => {},
  enabled: false,
  newScope: () => silent,
})
