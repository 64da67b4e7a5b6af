import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { cpuOf } from './cost.ts'
import type { Ears } from './ears.ts'
import type { Seen } from './figures.ts'

/** Milliseconds. */
const WINDOW = 5_000
const SETTLE = 700

/** RFC 6464. */
export const LOUD = 20
export const QUIET = 100

/** Sends for a window, after a moment that is not counted. @param send is told how many milliseconds went by */
export async function watch(
  ears: Ears,
  listeners: number,
  pids: readonly number[],
  every: number,
  send: (at: number) => void,
): Promise<Seen> {
  const stop = sendEvery(every, send)
  try {
    await delay(SETTLE)
    await ears.count()
    const [before, begun] = [cpuOf(pids), performance.now()]
    await delay(WINDOW)
    const counts = await ears.count()
    return { ...counts, cpu: cpuOf(pids) - before, milliseconds: performance.now() - begun, listeners }
  } finally {
    stop()
    await delay(SETTLE)
  }
}

/** @returns what ends it */
export function sendEvery(milliseconds: number, send: (at: number) => void): () => void {
  const begun = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    // Late timers are made up for: the rate is part of what is measured.
    for (; sent * milliseconds < performance.now() - begun; sent++) send(sent * milliseconds)
  }, 2)
  return () => clearInterval(timer)
}

/** A payload that says when it was sent. */
export function stamped(bytes: number): Buffer {
  const payload = Buffer.alloc(bytes, 0x5a)
  payload.writeDoubleBE(Number(process.hrtime.bigint()) / 1e6)
  return payload
}
