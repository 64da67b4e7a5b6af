/** A member who is really let in, and then says what a test wants said: to relays, to peers and into gossip. */

import type { PeerIdString, PeerNetwork } from '../../node/network/network.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { startPeerNetwork } from '../../node/network/peer-network.ts'
import { ask } from '../../node/requests.ts'
import type { Site } from '../../node/site.ts'
import { type Signer, signerFromSeed } from '../../protocol/signature.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import { HELLO, type Service } from '../../protocol/wire/services.ts'
import { type Person, presence } from './community.ts'
import { PATIENCE } from './node-peer.ts'
import { now, refused } from './raw-client.ts'

export interface Liar {
  readonly network: PeerNetwork
  readonly session: Signer
  /** What a peer answers to these bytes: a code, `reset`, or the answer when it is no refusal. */
  say<Q, A extends object>(to: PeerIdString, service: Service<Q, A>, frame: Uint8Array): Promise<unknown>
  /** The same for a well-formed request. */
  ask<Q, A extends object>(to: PeerIdString, service: Service<Q, A>, request: Q): Promise<unknown>
}

export async function startLiar({ addresses }: Site, person: Person): Promise<Liar> {
  const sessionSeed = crypto.getRandomValues(new Uint8Array(32))
  const session = signerFromSeed(sessionSeed)
  const network = await startPeerNetwork({ sessionSeed, iceServers: [] })
  const connected = new Promise<void>((resolve) => network.on('relay', () => resolve()))
  network.join(addresses, async (relay, signal) => {
    const { bytes } = await presence(person, session, now())
    const answer = await ask(network, relay, HELLO, { p: bytes }, signal)
    if (!answer.ok) throw new Error(answer.reason)
  })
  await connected

  async function say<Q, A extends object>(to: PeerIdString, service: Service<Q, A>, frame: Uint8Array) {
    let answer: Uint8Array
    try {
      const signal = AbortSignal.timeout(PATIENCE)
      answer = await network.request(to, service.protocol, frame, { signal, maxBytes: 4 * 1024 * 1024 })
    } catch (error) {
      if (error instanceof NetworkError && error.code === 'refused') return 'reset'
      throw error
    }
    const read = decodeFrame(service.answer, answer)
    if (!read.ok) throw new Error(`the answer cannot be read: ${read.reason}`)
    return refused(read.value)
  }
  return {
    network,
    session,
    say,
    ask: (to, service, request) => say(to, service, encodeFrame(service.request, request)),
  }
}
