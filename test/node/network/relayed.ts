import { randomBytes } from 'node:crypto'
import { vi } from 'vitest'
import type { PeerIdString, PeerNetwork, Validate } from '../../../node/network/network.ts'
import { type PeerNetworkOptions, startPeerNetwork } from '../../../node/network/peer-network.ts'
import {
  type RelayNetwork,
  type RelayNetworkOptions,
  startRelayNetwork,
} from '../../../relay/network/relay-network.ts'
import { PATIENCE } from '../../support/patience.ts'

/** Stands for the proof of membership: one byte, of which 1 is accepted. */
const HELLO = '/test/hello/1'
const MEMBER = Uint8Array.of(1)

export const accept: Validate = () => 'accept'

/** Long enough for a loaded machine; nothing waits for it unless it fails. */
export const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE)

export const seed = (): Uint8Array => new Uint8Array(randomBytes(32))

export interface TestRelay extends RelayNetwork {
  /** Peers that asked to be let in, in order, whatever was decided. */
  readonly helloes: PeerIdString[]
}

export interface TestRelayOptions extends Partial<RelayNetworkOptions> {
  /** Whether a peer is let in. */
  readonly decide?: (peer: PeerIdString) => Promise<boolean>
  /** Whether one that is let in is a member. */
  readonly isMember?: (peer: PeerIdString) => boolean
}

export async function startRelay(options: TestRelayOptions = {}): Promise<TestRelay> {
  const relay = await startRelayNetwork({
    privateSeed: seed(),
    listen: { host: '127.0.0.1', port: 0 },
    httpHandler: (_request, response) => response.end('hello'),
    announce: [],
    openProtocols: [HELLO],
    validatorFor: () => accept,
    ...options,
  })
  const helloes: PeerIdString[] = []
  await relay.network.handle(HELLO, { maxBytes: 16, maxConcurrentPerPeer: 1 }, async (from, body) => {
    helloes.push(from)
    if (body[0] !== 1 || (await options.decide?.(from)) === false) throw new Error('no member')
    relay.admissions.admit(from)
    if (options.isMember?.(from) !== false) relay.members.admit(from)
    return body
  })
  relay.open()
  return Object.assign(relay, { helloes })
}

/** A peer that has joined the relay and can be reached through it. */
export async function startPeer(
  relay: RelayNetwork,
  options: Partial<PeerNetworkOptions> = {},
): Promise<PeerNetwork> {
  const peer = await startPeerNetwork({ sessionSeed: seed(), iceServers: [], ...options })
  join(peer, relay)
  await relayState(peer, 'connected')
  return peer
}

export function join(peer: PeerNetwork, relay: RelayNetwork, proof: Uint8Array = MEMBER): void {
  peer.join(relay.addresses(), async (relayPeer, signal) => {
    await peer.request(relayPeer, HELLO, proof, { signal, maxBytes: 16 })
  })
}

export async function relayState(peer: PeerNetwork, state: PeerNetwork['relayState']): Promise<void> {
  if (peer.relayState === state) return
  await new Promise<void>((resolve) => {
    const off = peer.on('relay', (now) => {
      if (now !== state) return
      off()
      resolve()
    })
  })
}

/** A link between the two: direct, where that does not take long. */
export async function link(alice: PeerNetwork, bob: PeerNetwork): Promise<void> {
  await Promise.all([
    alice.connect(bob.peer, bob.addresses(), patience()),
    bob.connect(alice.peer, alice.addresses(), patience()),
  ])
}

/** A direct link between the two. On a machine that needs longer for it than they wait (`DIRECT_MS`), one over the circuit comes before. */
export async function linkDirectly(alice: PeerNetwork, bob: PeerNetwork): Promise<void> {
  await link(alice, bob)
  const isDirect = (one: PeerNetwork, other: PeerNetwork) =>
    one.connections().some(({ peer, direct }) => peer === other.peer && direct)
  await vi.waitUntil(() => isDirect(alice, bob) && isDirect(bob, alice), PATIENCE)
}
