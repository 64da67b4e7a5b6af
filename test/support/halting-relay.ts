/**
 * `node --import` of this makes of a relay one that gives out the first entries of its ledger, and puts off whoever asks for those after
 * them, as a busy relay does, until `village-relay.ts` leaves a file in its folder.
 */

import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'

/** Once this is there, it gives out everything. */
const RELEASED = 'ledger-released'
/** So many are given out before. */
const FIRST = 2_048

/** Where the relay gives out entries. */
const GIVING = 'if (get !== undefined) {'

/** Called by the relay, as changed below. */
export function isHeld(from: number, most: number): boolean {
  // A single entry is somebody's identity, not a part of a copy.
  if (from < FIRST || most === 1) return false
  const data = process.argv[process.argv.indexOf('--data') + 1]
  if (data === undefined) throw new Error('the relay has no data folder')
  return !existsSync(join(data, RELEASED))
}

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith('/relay/services/ledger.ts')) return loaded
    const quick = String(Buffer.from(loaded.source as Uint8Array))
    const halting = `${GIVING}\n    if ((await import(${JSON.stringify(import.meta.url)})).isHeld(get, most)) return { error: 'rate-limited' }`
    const source = quick.replace(GIVING, halting)
    if (source === quick) throw new Error('the relay gives out entries elsewhere')
    return { ...loaded, source }
  },
})
