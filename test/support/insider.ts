/** A person whose peer runs in Node, as in `node-peer.ts`, and of whom a test sees what nobody else does: the network and the keys of voices. */

import { wordlist } from '@scure/bip39/wordlists/english.js'
import { platformVerifier } from '../../node/crypto/native.ts'
import { MemoryMedia } from '../../node/mesh/memory-connections.ts'
import { type PeerStart, startPeer } from '../../node/peer.ts'
import { systemClock } from '../../node/ports/clock.ts'
import { memoryLocks } from '../../node/ports/locks.ts'
import { systemRandom } from '../../node/ports/random.ts'
import type { Ports } from '../../node/ports.ts'
import { askSite } from '../../node/site-address.ts'
import { memoryStorage } from '../../node/storage/memory-storage.ts'
import type { Peer } from '../../node/view.ts'
import { NO_KEYS, type VoiceKeys } from '../../node/voice/keys.ts'
import { createWaysIn, type WaysIn } from '../../node/ways-in.ts'
import { SEED_BYTES } from '../../protocol/signature.ts'
import { PATIENCE } from './node-peer.ts'

const MEDIA = new MemoryMedia()

export interface Insider {
  readonly peer: Peer
  readonly start: PeerStart
  /** What voices of the room that they are in are sealed and opened with, now. */
  readonly keys: VoiceKeys
}

/**
 * Somebody comes in, as the app does.
 * @param arriving is called before their peer starts
 */
export async function comesIn(
  origin: string,
  come: (ways: WaysIn<Peer>) => Promise<Peer>,
  arriving: (start: PeerStart) => void = () => {},
): Promise<Insider> {
  let keys = NO_KEYS
  let start: PeerStart | undefined
  const ports: Ports = {
    clock: systemClock,
    random: systemRandom,
    storage: memoryStorage(),
    locks: memoryLocks(),
    verifier: await platformVerifier(),
    report: () => {},
    connections: () => () => {
      const session = MEDIA.session()
      return {
        ...session,
        use(next) {
          keys = next
          session.use(next)
        },
      }
    },
  }
  const peer = await come(
    createWaysIn({
      ports,
      site: () => askSite(new URL(origin), AbortSignal.timeout(PATIENCE)),
      words: async () => wordlist,
      newKey: async () => ({ kind: 'seed', seed: systemRandom.bytes(SEED_BYTES) }),
      start(arrived) {
        start = arrived
        arriving(arrived)
        return startPeer(ports, arrived)
      },
    }),
  )
  if (start === undefined) throw new Error('a peer is started with what it arrived with')
  return {
    peer,
    start,
    get keys() {
      return keys
    },
  }
}
