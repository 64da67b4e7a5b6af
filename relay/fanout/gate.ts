import type { PeerIdString, Unsubscribe } from '../../node/network/network.ts'
import type { Ticket } from '../../protocol/audio/ticket.ts'
import type { KeyText, MemberId, RoomId } from '../../protocol/ids.ts'

/** Who may be heard, and who may hear, as the relay knows its rooms (TICKET-6). It is asked again and again while a link lasts. */
export interface RoomGate {
  /** The most that a member may be in a room; nothing, when they have no place in it or it is none that the relay knows. */
  mayForward(room: RoomId, member: MemberId): Ticket['as'] | undefined
  /** This member's session says itself that it speaks, as its newest beacon has it (BEACON-4); false of those who are not on the stage. */
  speaks(room: RoomId, member: MemberId, session: KeyText): boolean
  /** Everybody may hear it: its pauses are no secret. */
  isOpen(room: RoomId): boolean
  /** This session is in the room. What it knows of it may be asked for. */
  meet(room: RoomId, session: PeerIdString): void
  /** Asks a session for what we lack of the room. Resolves when there is an answer, or in some seconds without one. */
  learn(room: RoomId, session: PeerIdString): Promise<void>
  /** The listener is told of each room in which somebody may have another place than before. */
  onChange(listener: (room: RoomId) => void): Unsubscribe
}
