import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../protocol/envelope.ts'
import {
  type Id,
  idOf,
  type KeyText,
  type MemberId,
  type OperationId,
  type RoomId,
} from '../../protocol/ids.ts'
import { addOperation, EMPTY_HISTORY, type History } from '../../protocol/room/history.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import type { Room } from '../../protocol/room/opening.ts'
import type { Act, Operation, SignedOperation } from '../../protocol/room/operation.ts'
import { levelOf, mayAct, type RoomState, resolve } from '../../protocol/room/resolve.ts'
import { runs } from '../property/seeded.ts'
import { bytesOf, signerOf } from '../support/community.ts'

/** Quarrels on a stage. Operations are made as if they were signed: signatures are the business of other tests. */

const member = (name: string): MemberId => idOf<MemberId>(bytesOf(name))
const [alice, bob, carol, dave, mallory] = ['Alice', 'Bob', 'Carol', 'Dave', 'Mallory'].map(member) as [
  MemberId,
  MemberId,
  MemberId,
  MemberId,
  MemberId,
]
const room = { m: alice } as Room

/** A room's operations as they are made; each knows what it is told to know. */
class Stage {
  readonly all: SignedOperation[] = []

  /** @param knows the operations that the actor has seen last; all of them without */
  act(actor: MemberId, act: Act, knows: readonly SignedOperation[] = this.heads()): SignedOperation {
    const past = pastOf(this.all, knows)
    const operation: Operation = {
      r: idOf<RoomId>(bytesOf('room')),
      m: actor,
      n:
        Math.max(-1, ...[...past].filter((one) => one.operation.m === actor).map((one) => one.operation.n)) +
        1,
      heads: knows.map(({ id }) => id),
      at: 0,
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

  state(): RoomState {
    return stateOf(this.all)
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
function historyOf(operations: readonly SignedOperation[]): History {
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

const stateOf = (operations: readonly SignedOperation[]): RoomState => resolve(room, historyOf(operations))

describe('a history', () => {
  it('ROOM-1 waits for what an operation builds on', () => {
    const stage = new Stage()
    stage.act(alice, { k: 'grant', to: bob, level: LEVEL.speaker })
    const later = stage.act(alice, { k: 'mute', to: bob })
    expect(addOperation(EMPTY_HISTORY, later)).toEqual({ ok: false, reason: 'ancestors-unknown' })
  })

  it('OP-4 refuses heads that are in the past of each other', () => {
    const stage = new Stage()
    const first = stage.act(alice, { k: 'mute', to: bob })
    const second = stage.act(alice, { k: 'unmute', to: bob })
    const odd = stage.act(alice, { k: 'mute', to: bob }, [first, second])
    const history = historyOf([first, second])
    expect(addOperation(history, odd)).toEqual({ ok: false, reason: 'ancestors-wrong', at: 'heads' })
  })

  it('OP-5 refuses a number that does not follow', () => {
    const stage = new Stage()
    const first = stage.act(alice, { k: 'mute', to: bob })
    const skipped = { ...first, operation: { ...first.operation, n: 1 } }
    expect(addOperation(EMPTY_HISTORY, skipped)).toEqual({ ok: false, reason: 'ancestors-wrong', at: 'n' })
  })

  it('takes an operation once', () => {
    const one = new Stage().act(alice, { k: 'end' })
    const history = historyOf([one])
    expect(addOperation(history, one)).toEqual({ ok: true, value: history })
  })
})

describe('the stage', () => {
  it('ROOM-3 nobody is on stage without consent', () => {
    const stage = new Stage()
    const grant = stage.act(alice, { k: 'grant', to: bob, level: LEVEL.speaker })
    stage.act(carol, { k: 'accept', ref: grant.id })
    expect(levelOf(stage.state(), bob)).toBe(LEVEL.listener)
    expect(levelOf(stage.state(), carol)).toBe(LEVEL.listener)
    expect(stage.state().offers.get(bob)?.grant).toBe(grant.id)
    stage.act(bob, { k: 'accept', ref: grant.id })
    expect(levelOf(stage.state(), bob)).toBe(LEVEL.speaker)
    expect(stage.state().offers.size).toBe(0)
  })

  it('ROOM-2 nobody raises themselves', () => {
    const stage = new Stage()
    stage.raise(mallory, mallory, LEVEL.moderator)
    stage.act(mallory, { k: 'lower', to: alice })
    stage.act(mallory, { k: 'end' })
    const state = stage.state()
    expect(levelOf(state, mallory)).toBe(LEVEL.listener)
    expect(levelOf(state, alice)).toBe(LEVEL.creator)
    expect(state.ended).toBe(false)
  })

  it('ROOM-5 nobody grants their own level, or acts on an equal', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.comoderator)
    stage.raise(alice, carol, LEVEL.comoderator)
    stage.raise(bob, dave, LEVEL.comoderator)
    stage.act(bob, { k: 'lower', to: carol })
    stage.act(bob, { k: 'mute', to: carol })
    const state = stage.state()
    expect(levelOf(state, dave)).toBe(LEVEL.listener)
    expect(levelOf(state, carol)).toBe(LEVEL.comoderator)
    expect(state.muted.size).toBe(0)
  })

  it('ROOM-5 a co-moderator does not end the room, a moderator does', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.comoderator)
    stage.act(bob, { k: 'end' })
    expect(stage.state().ended).toBe(false)
    stage.raise(alice, carol, LEVEL.moderator)
    stage.act(carol, { k: 'end' })
    expect(stage.state().ended).toBe(true)
  })

  it('ROOM-4 a removal undoes what was done at the same time', () => {
    const stage = new Stage()
    const seated = stage.raise(alice, mallory, LEVEL.moderator)
    const lowered = stage.act(alice, { k: 'lower', to: mallory }, [seated])
    const grant = stage.act(mallory, { k: 'grant', to: dave, level: LEVEL.comoderator }, [seated])
    stage.act(dave, { k: 'accept', ref: grant.id }, [grant])
    const state = stage.state()
    expect(state.accepted.has(lowered.id)).toBe(true)
    expect(levelOf(state, mallory)).toBe(LEVEL.listener)
    expect(levelOf(state, dave)).toBe(LEVEL.listener)
  })

  it('ROOM-4 backdating does not help: what hangs on an old place is concurrent', () => {
    const stage = new Stage()
    const seated = stage.raise(alice, mallory, LEVEL.moderator)
    stage.act(alice, { k: 'lower', to: mallory })
    stage.act(alice, { k: 'mute', to: bob })
    stage.act(mallory, { k: 'end' }, [seated])
    expect(stage.state().ended).toBe(false)
  })

  it('ROOM-4 what was done before the removal stays', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.moderator)
    stage.raise(bob, carol, LEVEL.speaker)
    stage.act(alice, { k: 'lower', to: bob })
    const state = stage.state()
    expect(levelOf(state, bob)).toBe(LEVEL.listener)
    expect(levelOf(state, carol)).toBe(LEVEL.speaker)
  })

  it('ROOM-4 who was lowered can be raised again, in the knowledge of it', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.speaker)
    stage.act(alice, { k: 'lower', to: bob })
    stage.raise(alice, bob, LEVEL.speaker)
    expect(levelOf(stage.state(), bob)).toBe(LEVEL.speaker)
  })

  it('ROOM-4 an old acceptance does not revive', () => {
    const stage = new Stage()
    const grant = stage.act(alice, { k: 'grant', to: bob, level: LEVEL.speaker })
    stage.act(alice, { k: 'lower', to: bob })
    stage.act(bob, { k: 'accept', ref: grant.id })
    expect(levelOf(stage.state(), bob)).toBe(LEVEL.listener)
  })

  it('ROOM-5 anybody steps down alone, but the host', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.moderator)
    stage.act(bob, { k: 'lower', to: bob })
    stage.act(alice, { k: 'lower', to: alice })
    expect(levelOf(stage.state(), bob)).toBe(LEVEL.listener)
    expect(levelOf(stage.state(), alice)).toBe(LEVEL.creator)
  })

  it('ROOM-6 a mute is lifted by somebody as strong, later, and not at the same time', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.moderator)
    stage.raise(alice, dave, LEVEL.comoderator)
    const seated = stage.raise(alice, carol, LEVEL.speaker)
    const muted = stage.act(bob, { k: 'mute', to: carol })
    stage.act(alice, { k: 'unmute', to: carol }, [seated])
    expect(stage.state().muted.has(carol)).toBe(true)
    const weaker = stage.act(dave, { k: 'unmute', to: carol }, [muted])
    expect(stage.state().muted.has(carol)).toBe(true)
    stage.act(bob, { k: 'unmute', to: carol }, [weaker])
    expect(stage.state().muted.has(carol)).toBe(false)
  })

  it('what somebody may do is what the others will accept', () => {
    const stage = new Stage()
    const acts: readonly Act[] = [
      { k: 'grant', to: carol, level: LEVEL.speaker },
      { k: 'grant', to: carol, level: LEVEL.moderator },
      { k: 'lower', to: alice },
      { k: 'lower', to: bob },
      { k: 'mute', to: carol },
      { k: 'end' },
    ]
    stage.raise(alice, bob, LEVEL.comoderator)
    for (const actor of [alice, bob, carol]) {
      for (const act of acts) {
        const before = stage.state()
        const told = new Stage()
        told.all.push(...stage.all)
        const done = told.act(actor, act)
        expect(told.state().accepted.has(done.id), `${actor} ${JSON.stringify(act)}`).toBe(
          mayAct(before, actor, act).ok,
        )
      }
    }
  })
})

it('ROOM-7 the state does not depend on the order in which operations come', () => {
  const people = [alice, bob, carol, mallory]
  const step = fc.record({
    actor: fc.nat(3),
    to: fc.nat(3),
    kind: fc.nat(6),
    knows: fc.nat(),
    order: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 14 }), (steps) => {
      const stage = new Stage()
      for (const { actor, to, kind, knows } of steps) {
        const grants = stage.all.filter(({ operation }) => operation.k === 'grant')
        const target = people[to] as MemberId
        const ref = grants[knows % Math.max(1, grants.length)]?.id
        const acts: readonly Act[] = [
          { k: 'grant', to: target, level: LEVEL.moderator },
          { k: 'grant', to: target, level: LEVEL.speaker },
          { k: 'lower', to: target },
          { k: 'mute', to: target },
          { k: 'unmute', to: target },
          ref === undefined ? { k: 'mute', to: target } : { k: 'accept', ref },
          { k: 'grant', to: target, level: LEVEL.comoderator },
        ]
        // Everything, or one old place: partial views, backdating and twins.
        const one = stage.all[knows % Math.max(1, stage.all.length)]
        const view = knows % 3 === 0 && one ? [one] : stage.heads()
        stage.act(people[actor] as MemberId, acts[kind] as Act, view)
      }
      const shuffled = stage.all
        .map((signed, i) => [signed, (steps[i]?.order ?? 0) % 97] as const)
        .toSorted((a, b) => a[1] - b[1])
        .map(([signed]) => signed)
      const one = stage.state()
      const other = stateOf(shuffled)
      const plain = ({ levels, offers, muted, accepted, ended }: RoomState) => ({
        ended,
        levels: new Map([...levels].toSorted()),
        offers: new Map([...offers].toSorted()),
        muted: [...muted].toSorted(),
        accepted: new Map([...accepted].toSorted()),
      })
      expect(plain(other)).toEqual(plain(one))
      // Nobody is above what the host, from whom all power comes, let them be: without the host's grants all are listeners.
      const hostless = [...one.levels.keys()].filter((who) => who !== alice)
      if (!stage.all.some(({ operation }) => operation.k === 'grant' && operation.m === alice))
        expect(hostless).toEqual([])
    }),
    runs(400),
  )
})
