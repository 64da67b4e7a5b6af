import { SEED_BYTES } from '../../protocol/signature.ts'
import { nodeVerifiers } from '../crypto/verifiers.ts'
import { type PeerStart, startPeer } from '../peer.ts'
import { systemClock } from '../ports/clock.ts'
import { memoryLocks } from '../ports/locks.ts'
import { systemRandom } from '../ports/random.ts'
import type { Ports } from '../ports.ts'
import { askSite } from '../site-address.ts'
import type { DiskStorage } from '../storage/disk-storage.ts'
import type { Peer } from '../view.ts'
import { createWaysIn, type WaysIn } from '../ways-in.ts'
import { openVisit, type Visit } from './visit.ts'
import type { VisitPorts } from './visit-ports.ts'

/** How long the site may take to say who serves it, in milliseconds. */
const SITE_TIMEOUT = 10_000

/** Everything real for a peer that has no window: what it keeps is in its home, which no other process has meanwhile. */
export async function headlessPorts(home: DiskStorage, report: VisitPorts['report']): Promise<VisitPorts> {
  const { verifier } = await nodeVerifiers()
  return {
    clock: systemClock,
    random: systemRandom,
    storage: home,
    locks: memoryLocks(),
    verifier,
    report,
  }
}

/** The composition root of a member at a terminal. @param origin of the community's site; @param signal ends it */
export function headlessWays(ports: VisitPorts, origin: URL, signal: AbortSignal): WaysIn<Visit> {
  return waysOf(ports, origin, signal, (arrived) => openVisit(ports, arrived, signal))
}

/** The same for one who stays, meets the others and enters rooms. @param connections what voices come and go over */
export function headlessPeers(
  ports: VisitPorts,
  connections: Ports['connections'],
  origin: URL,
  signal: AbortSignal,
): WaysIn<Peer> {
  return waysOf(ports, origin, signal, (arrived) => startPeer({ ...ports, connections }, arrived))
}

function waysOf<P>(
  ports: VisitPorts,
  origin: URL,
  signal: AbortSignal,
  start: (arrived: PeerStart) => Promise<P>,
): WaysIn<P> {
  return createWaysIn({
    ports,
    site: () => askSite(origin, AbortSignal.any([signal, AbortSignal.timeout(SITE_TIMEOUT)])),
    words: englishWords,
    // No platform of Node hides a key from who can read the file that it is in.
    newKey: async () => ({ kind: 'seed', seed: ports.random.bytes(SEED_BYTES) }),
    start,
  })
}

/** The English word list of BIP-39. */
export async function englishWords(): Promise<readonly string[]> {
  return (await import('@scure/bip39/wordlists/english.js')).wordlist
}
