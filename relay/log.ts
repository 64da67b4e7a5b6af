import pino, { type Logger } from 'pino'
import type { LogLevel } from './config/settings.ts'

/** File descriptor of standard error: standard output is for the person, who reads links there. */
const STDERR = 2

/**
 * The relay's log, one JSON line for each event. At `info` and above it names no person and no address; ids are cut short, so that a log
 * can be shown to somebody without showing who talks to whom.
 */
export function createLog(level: LogLevel): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: STDERR, sync: true }),
  )
}

/** Enough of an id to follow it through a log. */
export function short(id: string): string {
  return id.slice(0, 8)
}
