import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idOf, type MemberId, type OperationId } from '../../protocol/ids.ts'
import { actsOf, bundled, countOfActs } from '../../protocol/room/bundle.ts'
import {
  addOperation,
  EMPTY_HISTORY,
  type History,
  isWholeAt,
  nextOfDevice,
  operationsFrom,
  signedFrom,
} from '../../protocol/room/history.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import {
  type Act,
  type FurtherAct,
  isTogether,
  MAX_ACTS,
  type SignedOperation,
} from '../../protocol/room/operation.ts'
import { advance, resolve } from '../../protocol/room/resolve.ts'
import { levelOf, type RoomState, stateDigest } from '../../protocol/room/state.ts'
import { haves, lacking } from '../../protocol/room/sync.ts'
import { runs } from '../property/seeded.ts'
import { bytesOf, signerOf } from '../support/community.ts'
import { alice, bob, carol, dave, historyOf, mallory, ROOM_OF_ALICE, Stage } from '../support/stage.ts'

const mute = (to: MemberId) => ({ k: 'mute', to }) as const

/** Alice mutes three. */
function threeMuted(stage = new Stage()): SignedOperation {
  return stage.act(alice, { ...mute(bob), also: [mute(carol), mute(dave)] })
}

describe('OP-8 a bundle', () => {
  it('stands for its acts in their order, each after the one before, and the last has its id', () => {
    const stage = new Stage()
    const before = stage.act(alice, { k: 'lock' })
    const whole = threeMuted(stage)
    const acts = actsOf(whole)
    expect(acts.map(({ operation }) => operation.to)).toEqual([bob, carol, dave])
    expect(acts.map(({ operation }) => operation.n)).toEqual([1, 2, 3])
    expect(acts.map(({ operation }) => operation.heads)).toEqual([[before.id], [acts[0]?.id], [acts[1]?.id]])
    expect(acts.map(({ operation }) => 'also' in operation)).toEqual([false, false, false])
    expect(acts[2]?.id).toBe(whole.id)
    expect(new Set(acts.map(({ id }) => id)).size).toBe(3)
    expect(actsOf(before)).toEqual([before])
  })

  it('is there as a whole or not at all', () => {
    const stage = new Stage()
    const first = stage.act(alice, { k: 'lock' })
    const whole = threeMuted(stage)
    expect(addOperation(EMPTY_HISTORY, whole)).toEqual({ ok: false, reason: 'ancestors-unknown' })
    const history = historyOf([first])
    const wrong = { ...whole, operation: { ...whole.operation, n: 2 } }
    expect(addOperation(history, wrong)).toEqual({ ok: false, reason: 'ancestors-wrong', at: 'n' })
    expect(operationsFrom(history)).toEqual([first])
    const added = addOperation(history, whole)
    expect(added).toMatchObject({ ok: true, value: { size: 4, heads: [whole.id] } })
    expect(addOperation((added as { value: History }).value, whole)).toEqual(added)
    expect(history.size).toBe(1)
  })

  it('was seen as a whole by whoever saw it: nobody builds on a part of it, before or after it came', () => {
    const stage = new Stage()
    const whole = threeMuted(stage)
    const [first, second] = actsOf(whole)
    for (const part of [first, second] as SignedOperation[]) {
      const odd = { ...stage.act(bob, { k: 'checkpoint' }, [whole]) }
      const onPart = { ...odd, operation: { ...odd.operation, heads: [part.id] } }
      expect(addOperation(EMPTY_HISTORY, onPart)).toEqual({ ok: false, reason: 'ancestors-unknown' })
      expect(addOperation(historyOf([whole]), onPart)).toEqual({
        ok: false,
        reason: 'ancestors-wrong',
        at: 'heads',
      })
    }
  })

  it('uses up a number for each act', () => {
    const history = historyOf([threeMuted()])
    expect(nextOfDevice(history, signerOf(alice).publicKey)).toBe(3)
  })

  it('gives what each of them takes for themselves', () => {
    const stage = new Stage()
    const to = (member: MemberId) => ({ k: 'grant', to: member, level: LEVEL.speaker }) as const
    const whole = stage.act(alice, { ...to(bob), also: [to(carol)] })
    const [his, hers] = actsOf(whole) as [SignedOperation, SignedOperation]
    stage.act(bob, { k: 'accept', ref: his.id })
    expect([bob, carol].map((one) => levelOf(stage.state(), one))).toEqual([LEVEL.speaker, LEVEL.listener])
    stage.act(carol, { k: 'accept', ref: his.id })
    expect(levelOf(stage.state(), carol)).toBe(LEVEL.listener)
    stage.act(carol, { k: 'accept', ref: hers.id })
    expect(levelOf(stage.state(), carol)).toBe(LEVEL.speaker)
  })

  it('ROOM-9 is a twin of another from the first of its numbers that both have', () => {
    const stage = new Stage()
    const sat = stage.raise(alice, mallory, LEVEL.moderator)
    const shown = stage.act(mallory, { ...mute(bob), also: [mute(carol), mute(dave)] }, [sat])
    stage.act(alice, { k: 'checkpoint' }, [shown])
    const hidden = stage.act(mallory, { ...mute(alice), also: [{ k: 'lock' }] }, [sat])
    const state = stage.state()
    expect(state.view.history.forks.get(shown.device)).toBe(1)
    expect(actsOf(shown).map(({ id }) => state.accepted.has(id))).toEqual([true, true, true])
    expect(actsOf(hidden).map(({ id }) => state.accepted.has(id))).toEqual([false, false])
  })
})

describe('anti-entropy of bundles', () => {
  const stage = new Stage()
  const wholes = Array.from({ length: 12 }, () => threeMuted(stage))
  const history = historyOf(wholes)

  it('SYNC-2 sends each as it was signed, once, and counts its acts', () => {
    expect(signedFrom(history)).toEqual(wholes)
    expect(lacking(history, [], 0, 256)).toEqual({ operations: wholes, next: undefined })
    const first = lacking(history, [], 0, 8)
    expect(first.operations).toEqual(wholes.slice(0, 2))
    expect(lacking(history, [], first.next as number, 256).operations).toEqual(wholes.slice(2))
  })

  it('SYNC-2 sends a whole one to who asks from within it, or says that they have a part', () => {
    expect(lacking(history, [], 4, 3).operations).toEqual([wholes[1]])
    const [part] = actsOf(wholes[3] as SignedOperation)
    expect(lacking(history, [(part as SignedOperation).id], 0, 256).operations).toEqual(wholes.slice(3))
  })

  it('SYNC-1 names what is whole', () => {
    const ids: readonly OperationId[] = wholes.map(({ id }) => id)
    expect(haves(history).length).toBeGreaterThan(3)
    for (const told of haves(history)) expect(ids).toContain(told)
  })
})

describe('acts that are done at once', () => {
  const words = { k: 'remove', to: bob, why: 'spam', note: '\u5927'.repeat(200) } as const

  it('are parted into as few bundles as hold them', () => {
    expect(bundled([])).toEqual([])
    expect(bundled([mute(bob)])).toEqual([[mute(bob)]])
    const many = Array.from({ length: 2 * MAX_ACTS + 1 }, () => mute(bob))
    expect(bundled(many).map(({ length }) => length)).toEqual([MAX_ACTS, MAX_ACTS, 1])
    expect(bundled(Array.from({ length: 9 }, () => words)).map(({ length }) => length)).toEqual([4, 4, 1])
  })

  it('stand alone where they must, in their order', () => {
    const acts: readonly Act[] = [mute(bob), { k: 'checkpoint' }, mute(carol), mute(dave), { k: 'end' }]
    expect(bundled(acts)).toEqual([
      [mute(bob)],
      [{ k: 'checkpoint' }],
      [mute(carol), mute(dave)],
      [{ k: 'end' }],
    ])
  })
})

const step = fc.record({
  actor: fc.nat(3),
  acts: fc.array(fc.record({ kind: fc.nat(13), to: fc.nat(3) }), { minLength: 1, maxLength: 4 }),
  knows: fc.nat(),
  order: fc.nat(96),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A quarrel in which many things are done at once. */
function quarrel(steps: readonly Step[]): Stage {
  const people = [alice, bob, carol, mallory]
  const stage = new Stage()
  // Somebody has to have a say beside the host.
  stage.raise(alice, bob, LEVEL.moderator)
  stage.raise(alice, mallory, LEVEL.comoderator)
  for (const { actor, acts, knows } of steps) {
    const grants = stage.all.flatMap(actsOf).filter(({ operation }) => operation.k === 'grant')
    const ref = grants[knows % Math.max(1, grants.length)]?.id as OperationId
    const one = stage.all[knows % stage.all.length] as SignedOperation
    const view = knows % 3 === 0 ? [one] : stage.heads().slice(0, 16)
    const [first, ...rest] = acts.map(({ kind, to }) => actOf(kind, people[to] as MemberId, ref)) as [
      Act,
      ...Act[],
    ]
    const also = rest.filter(({ k }) => isTogether(k) && isTogether(first.k)) as FurtherAct[]
    stage.act(people[actor] as MemberId, { ...first, ...(also.length > 0 && { also }) }, view, knows % 7)
  }
  return stage
}

function actOf(kind: number, to: MemberId, ref: OperationId): Act {
  const acts: readonly Act[] = [
    { k: 'grant', to, level: LEVEL.speaker },
    { k: 'grant', to, level: LEVEL.comoderator },
    { k: 'lower', to },
    { k: 'mute', to },
    { k: 'unmute', to },
    { k: 'remove', to, why: 'other' },
    { k: 'ban', to, why: 'other' },
    { k: 'unban', to },
    { k: 'admit', to },
    { k: 'revoke', to },
    { k: 'lock' },
    { k: 'unlock' },
    { k: 'accept', ref },
    { k: 'checkpoint' },
  ]
  return acts[kind] as Act
}

/** The same acts by the same people, each signed by itself right after the one before. @returns by the id of the act in its bundle */
function oneByOne(history: History): ReadonlyMap<OperationId, SignedOperation> {
  const alone = new Map<OperationId, SignedOperation>()
  const idAlone = (id: OperationId) => alone.get(id)?.id ?? id
  for (const [i, { id, device, operation, envelope }] of operationsFrom(history).entries()) {
    const { ref } = operation
    const said = {
      ...operation,
      heads: operation.heads.map(idAlone),
      ...(ref === undefined ? {} : { ref: idAlone(ref) }),
    }
    alone.set(id, { id: idOf<OperationId>(bytesOf(`alone ${i}`)), device, operation: said, envelope })
  }
  return alone
}

/** What a state says of people, but for which of several equals decided it: that is the lowest id. */
function plain({ ended, locked, levels, offers, muted, banned, removed, admitted }: RoomState) {
  return {
    ended,
    locked,
    levels: [...levels].toSorted(),
    offers: [...offers].map(([member, { level }]) => [member, level]).toSorted(),
    people: [muted, banned.keys(), removed.keys(), admitted].map((members) => [...members].toSorted()),
  }
}

it('OP-8 comes to the same as its acts signed one after the other with nobody in between, in whatever order bundles come', () => {
  let together = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 10 }), (steps) => {
      const { all } = quarrel(steps)
      together += all.filter(({ operation }) => countOfActs(operation) > 1).length
      const history = historyOf(all)
      const state = resolve(ROOM_OF_ALICE, history)
      const alone = oneByOne(history)
      const other = resolve(ROOM_OF_ALICE, historyOf([...alone.values()]))
      expect(plain(other)).toEqual(plain(state))
      for (const { id } of operationsFrom(history))
        expect(other.accepted.get((alone.get(id) as SignedOperation).id)).toBe(state.accepted.get(id))

      const shuffled = all
        .map((signed, i) => [signed, steps[i]?.order ?? 0] as const)
        .toSorted((a, b) => a[1] - b[1])
        .map(([signed]) => signed)
      let step = resolve(ROOM_OF_ALICE, EMPTY_HISTORY)
      for (const signed of signedFrom(historyOf(shuffled))) {
        const added = addOperation(step.view.history, signed)
        if (!added.ok) throw new Error(added.reason)
        step = advance(step, added.value)
        expect(isWholeAt(added.value, added.value.size - 1)).toBe(true)
      }
      expect(stateDigest(step)).toEqual(stateDigest(state))
    }),
    runs(300),
  )
  expect(together).toBeGreaterThan(300)
})
