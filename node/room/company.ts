import type { Greetings } from '../greetings.ts'
import type { PeerIdString } from '../network/network.ts'
import { keyOf, peerIdOf } from '../network/peer-id.ts'
import type { Attendance } from './attendance.ts'

export interface CompanyParts {
  /** Sessions in the room that are known by other means than a beacon. */
  readonly known: readonly PeerIdString[]
  readonly greetings: Pick<Greetings, 'members'>
  readonly attendance: Attendance
  readonly onGreeted: (peer: PeerIdString) => void
}

/** The sessions in a room with which this one is connected, and which have proved whose they are. */
export interface Company {
  readonly greeted: ReadonlySet<PeerIdString>
  /** Looks who came and who went. */
  look(): void
}

export function createCompany({ known, greetings, attendance, onGreeted }: CompanyParts): Company {
  const greeted = new Set<PeerIdString>()

  function linked(peer: PeerIdString, there: boolean): void {
    const key = keyOf(peer)
    if (key !== undefined) attendance.linked(key, there)
  }

  return {
    greeted,
    look() {
      const here = new Set(attendance.here().map((beacon) => peerIdOf(beacon.peer)))
      for (const peer of known) here.add(peer)
      for (const peer of greeted) {
        if (greetings.members.value.has(peer)) continue
        greeted.delete(peer)
        linked(peer, false)
        // Who is still here hears over others that we are, too.
        if (here.has(peer)) attendance.repeat()
      }
      for (const peer of greetings.members.value.keys()) {
        if (greeted.has(peer) || !here.has(peer)) continue
        greeted.add(peer)
        linked(peer, true)
        attendance.repeat()
        onGreeted(peer)
      }
    },
  }
}
