import type { Cancel, Clock } from '../../node/ports/clock.ts'
import { askSite } from '../../node/site-address.ts'
import { logKey } from '../../protocol/log/checkpoint.ts'
import type { NoteKey } from '../../protocol/log/signed-note.ts'
import type { Witness } from './witness.ts'

/** A relay is asked whose log it keeps as often as this: it may be founded or rotated. Milliseconds. */
const ASK_EVERY = 60_000
const PATIENCE = 5_000

/**
 * Has the witness follow the logs that its owner named. One that is named by its relay is followed as that relay says it is; of a key that
 * comes later, as after a rotation, the witness demands nothing but that it continues the same tree.
 * @param failed a relay did not say
 */
export function followLogs(
  witness: Witness,
  logs: readonly (NoteKey | string)[],
  clock: Clock,
  failed: (relay: string, error: unknown) => void,
): Cancel {
  for (const log of logs) if (typeof log !== 'string') witness.follow(log)
  const relays = logs.filter((log) => typeof log === 'string')
  const stopping = new AbortController()
  const ask = async (relay: string) => {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(PATIENCE)])
    const site = await askSite(new URL(relay), signal)
    if (site.community) witness.follow(logKey(site.community, site.logKey))
  }
  const askAll = () => {
    for (const relay of relays) ask(relay).catch((error: unknown) => failed(relay, error))
  }
  askAll()
  const cancel = relays.length > 0 ? clock.every(ASK_EVERY, askAll) : () => {}
  return () => {
    cancel()
    stopping.abort()
  }
}
