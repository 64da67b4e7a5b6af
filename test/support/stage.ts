import type { Envelope } from '../../protocol/envelope.ts'
import {
  type Id,
  idOf,
  type KeyText,
  type MemberId,
  type OperationId,
  type RoomId,
} from '../../protocol/ids.ts'
import { countOfActs } from '../../protocol/room/bundle.ts'
import { addOperation, EMPTY_HISTORY, type History } from '../../protocol/room/history.ts'
import type { LEVEL } from '../../protocol/room/level.ts'
import type { Room } from '../../protocol/room/opening.ts'
import type { Act, Operation, SignedOperation } from '../../protocol/room/operation.ts'
import { resolve } from '../../protocol/room/resolve.ts'
import type { RoomState } from '../../protocol/room/state.ts'
import { bytesOf, signerOf } from './community.ts'

/** Quarrels on a stage. Operations are made as if they were signed: signatures are the business of other tests. */

export const memberOf = (name: string): MemberId => idOf<MemberId>(bytesOf(name))
export const [alice, bob, carol, dave, mallory] = ['Alice', 'Bob', 'Carol', 'Dave', 'Mallory'].map(
  memberOf,
) as [MemberId, MemberId, MemberId, MemberId, MemberId]
/** Alice's. */
export const ROOM_OF_ALICE: Room = {
  m: alice,
  title: 'A room',
  topics: [],
  lang: 'en',
  vis: 'members',
  hands: 'everybody',
  nonce: bytesOf('room').slice(0, 16),
  at: 0,
}

/** A room's operations as they are made; each knows what it is told to know. */
export class Stage {
  readonly all: SignedOperation[] = []

  /** @param knows the operations that the actor has seen last; all of them without @param at the actor's clock, in seconds */
  act(
    actor: MemberId,
    act: Act & Pick<Operation, 'also'>,
    knows: readonly SignedOperation[] = this.heads(),
    at = 0,
  ): SignedOperation {
    const past = pastOf(this.all, knows)
    const operation: Operation = {
      r: idOf<RoomId>(bytesOf('room')),
      m: actor,
      n:
        Math.max(
          -1,
          ...[...past]
            .filter((one) => one.operation.m === actor)
            .map(({ operation }) => operation.n + countOfActs(operation) - 1),
        ) + 1,
      heads: knows.map(({ id }) => id),
      at,
      ...act,
    }
    const id = idOf<OperationId>(bytesOf(`${actor} ${JSON.stringify(operation)} ${this.all.length}`))
    const device: KeyText = signerOf(actor).publicKey
    const signed = { id, device, operation, envelope: { id: id as Id } as Envelope<Operation> }
    this.all.push(signed)
    return signed
  }

  /** Offers a level and has it taken. */
  raise(
    by: MemberId,
    to: MemberId,
    level: (typeof LEVEL)['moderator' | 'comoderator' | 'speaker'],
  ): SignedOperation {
    const grant = this.act(by, { k: 'grant', to, level })
    return this.act(to, { k: 'accept', ref: grant.id })
  }

  heads(): readonly SignedOperation[] {
    return this.all.filter(({ id }) => !this.all.some(({ operation }) => operation.heads.includes(id)))
  }

  history(): History {
    return historyOf(this.all)
  }

  state(room: Room = ROOM_OF_ALICE): RoomState {
    return resolve(room, this.history())
  }
}

function pastOf(all: readonly SignedOperation[], heads: readonly SignedOperation[]): Set<SignedOperation> {
  const past = new Set<SignedOperation>()
  const visit = (one: SignedOperation): void => {
    if (past.has(one)) return
    past.add(one)
    for (const id of one.operation.heads) visit(all.find((other) => other.id === id) as SignedOperation)
  }
  heads.forEach(visit)
  return past
}

/** Adds in the order given; those whose ancestors are not there yet wait for them. */
export function historyOf(operations: readonly SignedOperation[]): History {
  let history = EMPTY_HISTORY
  let waiting = [...operations]
  while (waiting.length > 0) {
    const left: SignedOperation[] = []
    for (const signed of waiting) {
      const added = addOperation(history, signed)
      if (added.ok) history = added.value
      else if (added.reason === 'ancestors-unknown') left.push(signed)
      else throw new Error(added.reason)
    }
    if (left.length === waiting.length) throw new Error('operations wait for ever')
    waiting = left
  }
  return history
}
