import type { KnownRelay } from '../audience/carrier.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import { keyOf } from '../network/peer-id.ts'
import type { Site } from '../site.ts'

/** The relays of a community that may carry voices, as far as this peer has joined them. */
export interface KnownRelays {
  /** Those that have admitted us; the site's own first. */
  relays(): readonly KnownRelay[]
  /** Joins these too. Addresses that nobody can use are left out. */
  meet(others: readonly string[]): void
}

/** `/dns4/relay.example/tcp/443/…/p2p/12D3Koo…`: its host, port and PeerId. Straight to it, and through no other peer. */
const ADDRESS =
  /^\/(?:dns[46]?|ip[46])\/([^/]+)\/tcp\/(\d+)\/(?:(?!p2p)[^/]+\/)+p2p\/([1-9A-HJ-NP-Za-km-z]+)$/

export function knownRelays(
  network: Pick<PeerNetwork, 'relays' | 'roundTrip' | 'joinMore'>,
  site: Site,
): KnownRelays {
  const names = new Map<PeerIdString, string>()
  const isOwn = (peer: PeerIdString) => peer === site.relay

  /** @returns false for what is no address of a relay: a relay said it, and may say anything */
  function join(peer: PeerIdString, address: string): boolean {
    try {
      if (keyOf(peer) === undefined) return false
      network.joinMore([address])
      return true
    } catch {
      // The parsers' only way to say so.
      return false
    }
  }

  return {
    relays() {
      const joined = network.relays()
      return [...joined.filter(isOwn), ...joined.filter((peer) => !isOwn(peer))].flatMap((peer) => {
        const key = keyOf(peer)
        const name = isOwn(peer) ? new URL(site.origin).host : names.get(peer)
        if (key === undefined || name === undefined) return []
        return [{ peer, key, name, roundTrip: network.roundTrip(peer) }]
      })
    },
    meet(others) {
      for (const address of others) {
        const [, host, port, id] = ADDRESS.exec(address) ?? []
        const peer = id as PeerIdString | undefined
        // It is known as it was joined: who names it again gives it no other name, as no other road is taken to it.
        if (host === undefined || peer === undefined || isOwn(peer) || names.has(peer)) continue
        if (join(peer, address)) names.set(peer, port === '443' ? host : `${host}:${port}`)
      }
    },
  }
}
