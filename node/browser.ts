import { platformVerifier } from './crypto/native.ts'
import { createDoor } from './door.ts'
import { PeerError } from './errors.ts'
import { systemClock } from './ports/clock.ts'
import { browserLocks } from './ports/locks.ts'
import { systemRandom } from './ports/random.ts'
import { askSite } from './site-address.ts'
import { browserStorage } from './storage/browser-storage.ts'
import type { Door } from './view.ts'

/** How long the site may take to say who serves it, in milliseconds. */
const SITE_TIMEOUT = 10_000

/** The composition root of a peer in a browser: everything real. @throws PeerError */
export async function openDoor(): Promise<Door> {
  if (!('RTCRtpScriptTransform' in globalThis) || !('locks' in navigator))
    throw new PeerError('browser-unsupported')
  const storage = await browserStorage('palabre').catch((cause) => {
    throw new PeerError('storage-unavailable', { cause })
  })
  return createDoor({
    ports: {
      clock: systemClock,
      random: systemRandom,
      storage,
      locks: browserLocks(),
      // Nobody needs them before the first room.
      connections: async (iceServers) =>
        (await import('./mesh/browser-connections.ts')).browserConnections(iceServers),
      verifier: await platformVerifier(),
      crew: async () => (await import('./ledger/page-crew.ts')).pageCrew(),
      report: (where, error) => console.warn(`palabre: ${where}`, error),
    },
    site: () => askSite(new URL(location.href), AbortSignal.timeout(SITE_TIMEOUT)),
    words: async () => (await import('@scure/bip39/wordlists/english.js')).wordlist,
  })
}
