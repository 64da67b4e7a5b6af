import type { Envelope } from '../../../protocol/envelope.ts'
import {
  idOf,
  type KeyText,
  keyText,
  type MemberId,
  type OperationId,
  type RoomId,
} from '../../../protocol/ids.ts'
import type { Room } from '../../../protocol/room/opening.ts'
import type { Operation, SignedOperation } from '../../../protocol/room/operation.ts'
import { type Dice, dice } from '../../independent/dice.ts'

/** More people than any simulated room has, with two devices each. */
const PEOPLE = 6
/** More operations than any simulated history has, by a margin that leaves chance its ways. */
const IDS = 4096

const made = dice(1)

/** Alice, Bob, Carol and so on; the first of them opens the room. */
export const MEMBERS: readonly MemberId[] = Array.from({ length: PEOPLE }, () =>
  idOf<MemberId>(made.bytes(32)),
)
export const DEVICES: readonly (readonly [KeyText, KeyText])[] = MEMBERS.map(() => [
  keyText(made.bytes(32)),
  keyText(made.bytes(32)),
])
const ROOM = idOf<RoomId>(made.bytes(32))
const OPERATION_IDS: readonly OperationId[] = Array.from({ length: IDS }, () =>
  idOf<OperationId>(made.bytes(32)),
)

export function opening(vis: Room['vis']): Room {
  return {
    m: MEMBERS[0] as MemberId,
    title: 'Night owls',
    topics: [],
    lang: 'en',
    vis,
    hands: 'everybody',
    nonce: new Uint8Array(16),
    at: 0,
  }
}

/** What an operation is, before it has an id. */
export type Unsigned = Omit<Operation, 'r'>

/** Gives operations ids as random as a hash's, none twice. */
export interface Pen {
  sign(device: KeyText, unsigned: Unsigned): SignedOperation
}

/**
 * Stands in for signing and for the check of it: in these histories every signature is good, because whatever has a bad one never comes as far as
 * the room. Ten million histories could not be signed in earnest.
 */
export function pen(chance: Dice): Pen {
  const step = 1 + 2 * chance.below(IDS / 2)
  let next = chance.below(IDS)
  let left = IDS
  return {
    sign(device, unsigned) {
      if (left-- === 0) throw new RangeError('out of ids')
      next = (next + step) % IDS
      const operation = { r: ROOM, ...unsigned }
      return { id: OPERATION_IDS[next] as OperationId, device, operation, envelope: UNREAD }
    },
  }
}

/** Nothing in `protocol/room/` reads the envelope of an operation that was verified. */
const UNREAD = Object.freeze({}) as Envelope<Operation>
