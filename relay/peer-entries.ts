import type { Network, PeerIdString } from '../node/network/network.ts'
import { ask } from '../node/requests.ts'
import { LEDGER } from '../protocol/wire/services.ts'
import type { EntrySource } from './caution.ts'

/** The entries that a connected member has of the ledger (LOG-3), as far as they give any. */
export function entriesOfPeer(network: Network, peer: PeerIdString): EntrySource {
  return async (from, to, signal) => {
    const entries: Uint8Array[] = []
    while (from + entries.length < to) {
      const answer = await ask(network, peer, LEDGER, { get: from + entries.length }, signal)
      const more = answer.ok ? (answer.value.entries ?? []) : []
      if (more.length === 0) break
      entries.push(...more.slice(0, to - from - entries.length))
    }
    return entries
  }
}
