import { SEED_BYTES } from '../../protocol/signature.ts'
import { platformVerifier } from '../crypto/native.ts'
import { systemClock } from '../ports/clock.ts'
import { memoryLocks } from '../ports/locks.ts'
import { systemRandom } from '../ports/random.ts'
import { askSite } from '../site-address.ts'
import type { DiskStorage } from '../storage/disk-storage.ts'
import { createWaysIn, type WaysIn } from '../ways-in.ts'
import { openVisit, type Visit, type VisitPorts } from './visit.ts'

/** How long the site may take to say who serves it, in milliseconds. */
const SITE_TIMEOUT = 10_000

/** Everything real for a peer that has no window: what it keeps is in its home, which no other process has meanwhile. */
export async function headlessPorts(home: DiskStorage, report: VisitPorts['report']): Promise<VisitPorts> {
  return {
    clock: systemClock,
    random: systemRandom,
    storage: home,
    locks: memoryLocks(),
    verifier: await platformVerifier(),
    report,
  }
}

/** The composition root of a member at a terminal. @param origin of the community's site; @param signal ends it */
export function headlessWays(ports: VisitPorts, origin: URL, signal: AbortSignal): WaysIn<Visit> {
  return createWaysIn({
    ports,
    site: () => askSite(origin, AbortSignal.any([signal, AbortSignal.timeout(SITE_TIMEOUT)])),
    words: englishWords,
    // No platform of Node hides a key from who can read the file that it is in.
    newKey: async () => ({ kind: 'seed', seed: ports.random.bytes(SEED_BYTES) }),
    start: (arrived) => openVisit(ports, arrived, signal),
  })
}

/** The English word list of BIP-39. */
export async function englishWords(): Promise<readonly string[]> {
  return (await import('@scure/bip39/wordlists/english.js')).wordlist
}
