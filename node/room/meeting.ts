import type { Greetings } from '../greetings.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import { peerIdOf } from '../network/peer-id.ts'
import type { Clock } from '../ports/clock.ts'
import type { Me } from '../presence.ts'
import type { Attendance } from './attendance.ts'

/** How often those who are here but not linked are looked for, in milliseconds. */
const LOOK = 1_000
/** One attempt may take as long as ICE through a relay does on a bad day. */
const ATTEMPT = 15_000
/** Wait between two attempts to reach the same session, in milliseconds: 1 s, doubling up to 15. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 15_000
/** Sessions known by other means that are looked for; the one known longest gives way. */
const MAX_OTHERS = 16

/** Keeps this session linked with every other session in the room. */
export interface Meeting {
  /** Looks now, because somebody was heard of. @param also sessions known by other means than a beacon */
  look(also?: readonly PeerIdString[]): void
  stop(): void
}

/** @param alone those known by other means than a beacon do not know of us, and do not look for us */
export function startMeeting(
  me: Me,
  network: PeerNetwork,
  greetings: Greetings,
  attendance: Attendance,
  clock: Clock,
  alone: boolean,
): Meeting {
  const stopping = new AbortController()
  const attempts = new Map<PeerIdString, { until: number; wait: number; running: boolean }>()
  const others = new Set<PeerIdString>()

  async function reach(peer: PeerIdString): Promise<void> {
    const attempt = attempts.get(peer) ?? { until: 0, wait: FIRST_WAIT, running: false }
    if (attempt.running || clock.now() < attempt.until) return
    attempts.set(peer, { ...attempt, running: true })
    try {
      // Everybody here entered through a relay that we know too: the community's.
      const roads = network.relays().map((relay) => `/p2p/${relay}/p2p-circuit`)
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(ATTEMPT)])
      await network.connect(peer, roads, signal, alone && others.has(peer))
      attempts.delete(peer)
    } catch {
      // Out of reach right now. Whoever is gone falls silent and is not looked for; whoever is here is tried again.
      const wait = Math.min(attempt.wait * 2, LONGEST_WAIT)
      attempts.set(peer, { until: clock.now() + attempt.wait, wait, running: false })
    }
  }

  function look(also: readonly PeerIdString[] = []): void {
    if (stopping.signal.aborted) return
    for (const peer of also) {
      others.delete(peer)
      others.add(peer)
    }
    for (const peer of [...others].slice(0, -MAX_OTHERS)) others.delete(peer)
    const here = attendance.here().map((beacon) => peerIdOf(beacon.peer))
    for (const peer of new Set([...here, ...others])) {
      if (peer === me.peer) continue
      if (greetings.members.value.has(peer)) others.delete(peer)
      else void reach(peer)
    }
  }

  const cancel = clock.every(LOOK, () => look())
  return {
    look,
    stop() {
      cancel()
      stopping.abort()
    },
  }
}
