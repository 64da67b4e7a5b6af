import type { RoomId } from '../../protocol/ids.ts'
import type { SyncAnswer } from '../../protocol/wire/services.ts'
import type { Greetings } from '../greetings.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import type { Agreement } from './agreement.ts'
import type { Company } from './company.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { Intake } from './intake.ts'
import type { RoomLog } from './log.ts'
import { pullRoom } from './sync.ts'

export interface PullerParts {
  readonly room: RoomId
  readonly isPrivate: boolean
  readonly network: Pick<PeerNetwork, 'request'>
  readonly greetings: Pick<Greetings, 'members'>
  readonly log: RoomLog
  readonly agreement: Agreement
  readonly door: Pick<Doorkeeper, 'wasPutOut'>
  readonly company: Pick<Company, 'greeted'>
  readonly takeAll: Intake['takeAll']
  readonly signal: AbortSignal
  /** Somebody was asked, and answered or refused. @param whole they told all that they know */
  readonly onAnswer: (whole: boolean) => void
}

/** Anti-entropy: asks those who are here for what we lack. */
export interface Puller {
  /** Never fails: who does not answer is asked again when it is their turn. */
  pull(peer: PeerIdString): Promise<void>
  /** Asks the next one in turn. */
  pullNext(): void
  /** Nobody who is here lets us into this private room. */
  isRefused(): boolean
}

export function createPuller(parts: PullerParts): Puller {
  const { room, isPrivate, network, greetings, log, agreement, door, company, takeAll, signal, onAnswer } =
    parts
  const { greeted } = company
  /** Those who do not let us into this private room. */
  const refusals = new Set<PeerIdString>()
  let turn = 0

  async function pull(peer: PeerIdString): Promise<void> {
    const member = greetings.members.value.get(peer)
    // PRIVATE-5: what we ask with tells what was done.
    if (isPrivate && member !== undefined && door.wasPutOut(member)) return
    const told = (answer: SyncAnswer) => {
      if (member !== undefined) agreement.compare(member, answer)
    }
    try {
      const pulled = await pullRoom(network, peer, room, log, takeAll, told, signal)
      if (isPrivate && !pulled.ok && pulled.reason === 'not-admitted') refusals.add(peer)
      else refusals.delete(peer)
      onAnswer(pulled.ok && pulled.value)
    } catch {
      // The peer went away or did not answer in time; the next round asks another.
    }
  }

  return {
    pull,
    pullNext() {
      const all = [...greeted]
      const peer = all[turn++ % Math.max(all.length, 1)]
      if (peer !== undefined) void pull(peer)
    },
    isRefused() {
      const refused = [...greeted].filter((peer) => refusals.has(peer)).length
      return refused > 0 && refused === greeted.size
    },
  }
}
