import { encodeEntry } from '../../../protocol/community/entry.ts'
import type { Join } from '../../../protocol/community/join.ts'
import { type Envelope, seal } from '../../../protocol/envelope.ts'
import type { RoomId } from '../../../protocol/ids.ts'
import { DAY, MINUTE } from '../../../protocol/limits.ts'
import type { Room } from '../../../protocol/room/opening.ts'
import { ROOM, roomOf } from '../../../protocol/room/opening.ts'
import {
  type Founded,
  foundCommunity,
  type Invitation,
  invite,
  join,
  NOON,
  type Person,
  signerOf,
} from '../../support/community.ts'
import { hex } from '../format.ts'

/** Who plays in the vectors: Alice founds a community, Bob comes in with her invitation, and she opens a room. */
export interface Cast {
  readonly founded: Founded
  readonly alice: Person
  readonly bob: Person
  readonly invitation: Invitation
  readonly join: Envelope<Join>
  /** Entries of the ledger in hex: genesis, Alice, her device, the invitation, Bob. */
  readonly ledger: readonly string[]
  readonly opening: Envelope<Room>
  readonly room: RoomId
  /** Seconds at which the judges of the vectors live: an hour after the ledger began. */
  readonly now: number
}

export const LOG = 'the log'

export async function cast(): Promise<Cast> {
  const founded = await foundCommunity(signerOf(LOG).publicKey)
  const alice = founded.founder
  const invitation = await invite(alice, 0, NOON + MINUTE, NOON + 7 * DAY)
  const { person: bob, envelope } = await join(invitation, 'Bob', NOON + 2 * MINUTE)
  const later = [
    encodeEntry({ at: NOON + MINUTE, e: invitation.envelope.bytes }),
    encodeEntry({ at: NOON + 2 * MINUTE, e: envelope.bytes }),
  ]
  const opening = await seal(
    ROOM,
    founded.community,
    {
      m: alice.member,
      title: 'Under the tree',
      topics: ['trees', 'talk'],
      lang: 'fr-CD',
      vis: 'open',
      hands: 'everybody',
      nonce: new Uint8Array(16).fill(9),
      at: NOON + 3 * MINUTE,
    },
    [alice.device],
  )
  return {
    founded,
    alice,
    bob,
    invitation,
    join: envelope,
    ledger: [...founded.entries, ...later].map(hex),
    opening,
    room: roomOf(opening),
    now: NOON + 60 * MINUTE,
  }
}
