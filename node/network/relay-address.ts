import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { PeerIdString } from './network.ts'

/** Every known road to one relay. */
export interface RelayAddresses {
  readonly relay: PeerIdString
  readonly addresses: readonly Multiaddr[]
}

/**
 * Relay multiaddrs by the relay that they lead to.
 * @throws Error on one that is malformed or does not end in `/p2p/<id>`
 */
export function groupByRelay(addresses: readonly string[]): RelayAddresses[] {
  const roads = new Map<PeerIdString, Multiaddr[]>()
  for (const text of addresses) {
    const address = multiaddr(text)
    const last = address.getComponents().at(-1)
    if (last?.name !== 'p2p' || last.value === undefined)
      throw new Error(`no /p2p/<id> at the end of ${text}`)
    const relay = last.value as PeerIdString
    roads.set(relay, [...(roads.get(relay) ?? []), address])
  }
  return [...roads].map(([relay, list]) => ({ relay, addresses: list }))
}

/** The relay of a relayed address: the id before `/p2p-circuit`. Undefined if there is none or the text is no multiaddr. */
export function relayOf(address: string): PeerIdString | undefined {
  const id = /\/p2p\/([1-9A-HJ-NP-Za-km-z]+)\/p2p-circuit(?:\/|$)/.exec(address)?.[1]
  return id as PeerIdString | undefined
}
