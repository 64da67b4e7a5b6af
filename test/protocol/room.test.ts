import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MemberId } from '../../protocol/ids.ts'
import {
  addOperation,
  EMPTY_HISTORY,
  inPast,
  nextEpoch,
  operationsFrom,
} from '../../protocol/room/history.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import { type Act, isAhead, type SignedOperation } from '../../protocol/room/operation.ts'
import { advance, mayAct, resolve } from '../../protocol/room/resolve.ts'
import { isOut, leaderOf, levelOf, onStage, type RoomState, stateDigest } from '../../protocol/room/state.ts'
import { runs } from '../property/seeded.ts'
import { signerOf } from '../support/community.ts'
import { alice, bob, carol, dave, historyOf, mallory, ROOM_OF_ALICE, Stage } from '../support/stage.ts'

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

  it('OP-7 is for later what is more than five minutes ahead of the clock of whoever receives it', () => {
    const { operation } = new Stage().act(alice, { k: 'end' }, [], 10_300)
    expect([isAhead(operation, 9_999), isAhead(operation, 10_000)]).toEqual([true, false])
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

describe('a restriction', () => {
  it('ROOM-6 a ban takes everything, and binds until somebody as strong lifts it, later', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.moderator)
    stage.raise(alice, carol, LEVEL.speaker)
    const banned = stage.act(bob, { k: 'ban', to: carol, why: 'abuse', note: 'again and again' })
    expect(levelOf(stage.state(), carol)).toBe(LEVEL.listener)
    expect(stage.state().banned.get(carol)).toMatchObject({ by: bob, why: 'abuse', note: 'again and again' })
    expect(isOut(stage.state(), carol, 1e9)).toBe(true)
    stage.act(bob, { k: 'unban', to: carol }, [banned])
    expect(stage.state().banned.size).toBe(0)
    // What the ban undid stays undone.
    expect(levelOf(stage.state(), carol)).toBe(LEVEL.listener)
  })

  it('ROOM-6 a ban at the same time as the lift of another leaves the person banned', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.moderator)
    const first = stage.act(bob, { k: 'ban', to: mallory, why: 'spam' })
    stage.act(alice, { k: 'unban', to: mallory }, [first])
    stage.act(bob, { k: 'ban', to: mallory, why: 'spam' }, [first])
    expect(stage.state().banned.has(mallory)).toBe(true)
  })

  it('ROOM-4 nobody who is banned comes on stage by the grace of a weaker one', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.comoderator)
    stage.act(alice, { k: 'ban', to: mallory, why: 'abuse' })
    stage.raise(bob, mallory, LEVEL.speaker)
    expect(onStage(stage.state(), mallory)).toBe(false)
    stage.act(alice, { k: 'unban', to: mallory })
    // Granted in the knowledge of the ban, and taken: it stands as soon as the ban is lifted.
    expect(onStage(stage.state(), mallory)).toBe(true)
  })

  it('ROOM-10 who was removed is out for ten minutes, and comes back sooner by an admission', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.comoderator)
    stage.raise(alice, carol, LEVEL.speaker)
    stage.act(bob, { k: 'remove', to: carol, why: 'other' }, undefined, 1000)
    expect(onStage(stage.state(), carol)).toBe(false)
    expect([isOut(stage.state(), carol, 1599), isOut(stage.state(), carol, 1600)]).toEqual([true, false])
    stage.act(bob, { k: 'admit', to: carol })
    expect(isOut(stage.state(), carol, 1000)).toBe(false)
  })

  it('ROOM-5 a co-moderator removes, and does not ban or lock', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.comoderator)
    stage.act(bob, { k: 'ban', to: carol, why: 'spam' })
    stage.act(bob, { k: 'lock' })
    stage.act(bob, { k: 'set', title: 'Mine' })
    const state = stage.state()
    expect([state.banned.size, state.locked, state.settings.title]).toEqual([0, false, 'A room'])
  })

  it('ROOM-6 the door is locked until somebody as strong opens it, later', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.moderator)
    const locked = stage.act(alice, { k: 'lock' })
    stage.act(bob, { k: 'unlock' }, [locked])
    expect(stage.state().locked).toBe(true)
    stage.act(alice, { k: 'unlock' })
    expect(stage.state().locked).toBe(false)
  })

  it('ROOM-11 a private room is for those who were let in, until that is taken back', () => {
    const room = { ...ROOM_OF_ALICE, vis: 'private' as const }
    const stage = new Stage()
    const admitted = stage.act(alice, { k: 'admit', to: bob })
    expect(isOut(stage.state(room), bob, 0)).toBe(false)
    expect(isOut(stage.state(room), carol, 0)).toBe(true)
    stage.raise(alice, carol, LEVEL.speaker)
    expect(isOut(stage.state(room), carol, 0)).toBe(false)
    // At the same time as another admission: out.
    stage.act(alice, { k: 'revoke', to: bob }, [admitted])
    stage.act(alice, { k: 'admit', to: bob }, [admitted])
    expect(isOut(stage.state(room), bob, 0)).toBe(true)
    stage.act(alice, { k: 'admit', to: bob })
    expect(isOut(stage.state(room), bob, 0)).toBe(false)
  })
})

describe('a host', () => {
  it('ROOM-8 hands the room over, and is one of the others from then on', () => {
    const stage = new Stage()
    const hand = stage.act(alice, { k: 'hand', to: bob })
    expect(levelOf(stage.state(), alice)).toBe(LEVEL.creator)
    const taken = stage.act(bob, { k: 'accept', ref: hand.id })
    expect([levelOf(stage.state(), alice), levelOf(stage.state(), bob)]).toEqual([
      LEVEL.listener,
      LEVEL.successor,
    ])
    stage.act(alice, { k: 'mute', to: carol })
    stage.act(alice, { k: 'end' }, [hand])
    stage.act(alice, { k: 'ban', to: carol, why: 'other' }, [taken])
    const state = stage.state()
    expect([state.muted.size, state.ended, state.banned.size]).toEqual([0, false, 0])
    stage.act(bob, { k: 'remove', to: alice, why: 'other' })
    expect(stage.state().removed.has(alice)).toBe(true)
  })

  it('ROOM-8 takes a hand-over back before it is taken or at the same time, and not once they know that it is', () => {
    const stage = new Stage()
    const hand = stage.act(alice, { k: 'hand', to: bob })
    const withdrawn = stage.act(alice, { k: 'lower', to: bob })
    stage.act(bob, { k: 'accept', ref: hand.id }, [withdrawn])
    expect(levelOf(stage.state(), alice)).toBe(LEVEL.creator)
    const again = stage.act(alice, { k: 'hand', to: bob })
    const taken = stage.act(bob, { k: 'accept', ref: again.id })
    expect(levelOf(stage.state(), bob)).toBe(LEVEL.successor)
    const told = new Stage()
    told.all.push(...stage.all)
    told.act(alice, { k: 'lower', to: bob }, [again])
    expect([levelOf(told.state(), alice), levelOf(told.state(), bob)]).toEqual([
      LEVEL.creator,
      LEVEL.listener,
    ])
    const yielded = stage.act(alice, { k: 'checkpoint' }, [taken])
    stage.act(alice, { k: 'lower', to: bob }, [again])
    stage.act(alice, { k: 'lower', to: bob }, [yielded])
    expect([levelOf(stage.state(), alice), levelOf(stage.state(), bob)]).toEqual([
      LEVEL.listener,
      LEVEL.successor,
    ])
  })

  it('ROOM-8 loses nothing of what they did before they knew, wherever in the past the taking was put', () => {
    const stage = new Stage()
    const hand = stage.act(alice, { k: 'hand', to: bob })
    const ban = stage.act(alice, { k: 'ban', to: mallory, why: 'abuse' })
    const taken = stage.act(bob, { k: 'accept', ref: hand.id }, [hand])
    expect([levelOf(stage.state(), alice), levelOf(stage.state(), bob)]).toEqual([
      LEVEL.listener,
      LEVEL.successor,
    ])
    expect(stage.state().accepted.get(ban.id)).toBe(LEVEL.creator)
    stage.act(alice, { k: 'checkpoint' }, [ban, taken])
    expect(stage.state().banned.has(mallory)).toBe(true)
    // From here on nobody believes that they did not know, and from another device neither.
    stage.act(alice, { k: 'ban', to: carol, why: 'other' }, [ban])
    expect(stage.state().banned.has(carol)).toBe(false)
  })

  it('ROOM-8 yields the room also for another device of theirs that did not know, as soon as that is heard', () => {
    const stage = new Stage()
    const hand = stage.act(alice, { k: 'hand', to: bob })
    const taken = stage.act(bob, { k: 'accept', ref: hand.id })
    const { operation, ...made } = stage.act(alice, { k: 'ban', to: carol, why: 'other' }, [hand])
    const tablet = signerOf('the tablet of Alice').publicKey
    const ban: SignedOperation = { ...made, device: tablet, operation: { ...operation, n: 0 } }
    stage.all.splice(-1, 1)
    const yielded = stage.act(alice, { k: 'checkpoint' }, [taken])
    const before = resolve(ROOM_OF_ALICE, historyOf([hand, taken, ban]))
    expect(before.banned.has(carol)).toBe(true)
    const after = addOperation(before.view.history, yielded)
    expect(after.ok && advance(before, after.value).banned.has(carol)).toBe(false)
    expect(resolve(ROOM_OF_ALICE, historyOf([hand, yielded, taken, ban])).banned.has(carol)).toBe(false)
  })

  it('ROOM-8 is one of the others for whoever knows that the room is taken, whether or not they say that they know', () => {
    const stage = new Stage()
    const hand = stage.act(alice, { k: 'hand', to: bob })
    const taken = stage.act(bob, { k: 'accept', ref: hand.id })
    stage.act(bob, { k: 'remove', to: alice, why: 'other' }, [taken])
    expect(stage.state().removed.has(alice)).toBe(true)
  })

  it('ROOM-8 is followed also by somebody who signs twins: who has seen the room taken cannot vouch for it, nor undo it', () => {
    const stage = new Stage()
    const hand = stage.act(alice, { k: 'hand', to: bob })
    const taken = stage.act(bob, { k: 'accept', ref: hand.id })
    stage.act(bob, { k: 'checkpoint' }, [hand])
    stage.act(alice, { k: 'mute', to: carol }, [taken])
    stage.act(bob, { k: 'ban', to: mallory, why: 'other' }, [taken])
    stage.act(bob, { k: 'checkpoint' }, [taken])
    const state = stage.state()
    expect([levelOf(state, alice), levelOf(state, bob)]).toEqual([LEVEL.listener, LEVEL.successor])
    expect(state.muted.size).toBe(0)
    expect(state.banned.has(mallory)).toBe(true)
  })

  it('ROOM-12 who is away is stood in for by the most senior of those present', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.comoderator)
    stage.raise(alice, carol, LEVEL.moderator)
    const state = stage.state()
    expect(leaderOf(state, [mallory, bob, carol, alice])).toBe(alice)
    expect(leaderOf(state, [mallory, bob, carol])).toBe(carol)
    expect(leaderOf(state, [bob, mallory])).toBe(bob)
    expect(leaderOf(state, [mallory])).toBe(undefined)
  })
})

describe('twins', () => {
  /** Mallory, a moderator, bans Carol; then signs another operation in the place of the ban. */
  function twins(anchored: boolean) {
    const stage = new Stage()
    const seated = stage.raise(alice, mallory, LEVEL.moderator)
    const ban = stage.act(mallory, { k: 'ban', to: carol, why: 'other' }, [seated])
    if (anchored) stage.act(alice, { k: 'checkpoint' }, [ban])
    stage.act(mallory, { k: 'mute', to: dave }, [seated])
    return stage
  }

  it('ROOM-9 count for nothing when no senior saw one of them alone', () => {
    const { banned, muted } = twins(false).state()
    expect([banned.size, muted.size]).toEqual([0, 0])
  })

  it('ROOM-9 do not undo what a senior saw', () => {
    const { banned, muted } = twins(true).state()
    expect([banned.has(carol), muted.size]).toEqual([true, 0])
  })

  it('ROOM-9 are not vouched for by an equal, nor by who saw both', () => {
    const stage = twins(false)
    const [ban, mute] = stage.heads() as [SignedOperation, SignedOperation]
    const both = stage.act(alice, { k: 'checkpoint' }, [ban, mute])
    stage.raise(alice, bob, LEVEL.moderator)
    stage.act(bob, { k: 'checkpoint' }, [both])
    expect(stage.state().banned.size).toBe(0)
  })

  it('ROOM-9 are not vouched for by an equal who saw one of them alone', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.moderator)
    const grant = stage.act(alice, { k: 'grant', to: mallory, level: LEVEL.moderator })
    const taken = stage.act(mallory, { k: 'accept', ref: grant.id }, [grant])
    const ban = stage.act(mallory, { k: 'ban', to: carol, why: 'other' }, [taken])
    stage.act(bob, { k: 'checkpoint' }, [ban])
    stage.act(mallory, { k: 'mute', to: dave }, [grant])
    const state = stage.state()
    expect([levelOf(state, mallory), state.banned.size, state.muted.size]).toEqual([LEVEL.listener, 0, 0])
  })

  it('ROOM-9 what a device signed before its first twin stands', () => {
    const stage = new Stage()
    stage.raise(alice, mallory, LEVEL.moderator)
    stage.raise(mallory, bob, LEVEL.speaker)
    const [head] = stage.heads() as [SignedOperation]
    stage.act(mallory, { k: 'mute', to: carol }, [head])
    stage.act(mallory, { k: 'mute', to: dave }, [head])
    const state = stage.state()
    expect([levelOf(state, bob), state.muted.size]).toEqual([LEVEL.speaker, 0])
  })

  it('ROOM-9 a step down stands, whatever else was signed in its place', () => {
    const stage = new Stage()
    const seated = stage.raise(alice, mallory, LEVEL.moderator)
    stage.act(mallory, { k: 'lower', to: mallory }, [seated])
    stage.act(mallory, { k: 'mute', to: dave }, [seated])
    expect(levelOf(stage.state(), mallory)).toBe(LEVEL.listener)
  })

  it('ROOM-9 of the host are both in force: nobody stands above to choose', () => {
    const stage = new Stage()
    stage.act(alice, { k: 'ban', to: mallory, why: 'other' }, [])
    stage.act(alice, { k: 'mute', to: mallory }, [])
    const { banned, muted } = stage.state()
    expect([banned.size, muted.size]).toEqual([1, 1])
  })
})

describe('settings and epochs', () => {
  it('ROOM-14 the last is in force; of concurrent ones the stronger', () => {
    const stage = new Stage()
    const seated = stage.raise(alice, bob, LEVEL.moderator)
    stage.act(alice, { k: 'set', title: 'First', hands: 'nobody' }, [seated])
    stage.act(bob, { k: 'set', title: 'Second', link: 'https://example.org/' }, [seated])
    expect(stage.state().settings).toMatchObject({
      title: 'First',
      hands: 'nobody',
      link: 'https://example.org/',
    })
    stage.act(bob, { k: 'set', title: 'Third' })
    expect(stage.state().settings.title).toBe('Third')
  })

  it('OP-6 an epoch follows the last one of its past', () => {
    const stage = new Stage()
    const epoch = (n: number) =>
      ({ k: 'epoch', epoch: n, hash: new Uint8Array(32), audience: new Uint8Array(32) }) as const
    stage.act(alice, epoch(1))
    const skipped = stage.act(alice, epoch(3))
    const { all } = stage
    const history = historyOf(all.filter((one) => one !== skipped))
    expect([nextEpoch(EMPTY_HISTORY), nextEpoch(history)]).toEqual([1, 2])
    expect(addOperation(history, skipped)).toEqual({ ok: false, reason: 'ancestors-wrong', at: 'epoch' })
  })

  it('ROOM-13 of two that were announced at the same time the stronger is in force', () => {
    const stage = new Stage()
    const seated = stage.raise(alice, bob, LEVEL.comoderator)
    const epoch = (fill: number) =>
      ({ k: 'epoch', epoch: 1, hash: new Uint8Array(32).fill(fill), audience: new Uint8Array(32) }) as const
    stage.act(bob, epoch(1), [seated])
    const hers = stage.act(alice, epoch(2), [seated])
    stage.act(mallory, epoch(3), [seated])
    expect(stage.state().epoch).toMatchObject({ id: hers.id, number: 1, by: alice })
  })
})

const step = fc.record({
  actor: fc.nat(3),
  to: fc.nat(3),
  kind: fc.nat(17),
  knows: fc.nat(),
  order: fc.nat(),
})
type Step = { actor: number; to: number; kind: number; knows: number; order: number }

/** A random quarrel: partial views, backdating, twins, and acts of every kind by anybody. */
function quarrel(steps: readonly Step[]): Stage {
  const people = [alice, bob, carol, mallory]
  const stage = new Stage()
  for (const { actor, to, kind, knows } of steps) {
    const grants = stage.all.filter(({ operation }) => operation.k === 'grant' || operation.k === 'hand')
    const target = people[to] as MemberId
    const ref = grants[knows % Math.max(1, grants.length)]?.id
    // Everything, or one old place.
    const one = stage.all[knows % Math.max(1, stage.all.length)]
    const view = knows % 3 === 0 && one ? [one] : stage.heads().slice(0, 16)
    const past = historyOf(stage.all)
    const epochs = operationsFrom(past).filter(
      ({ operation }, i) =>
        operation.k === 'epoch' &&
        view.some(({ id }) => {
          const head = past.store.index.get(id) as number
          return head === i || inPast(past, i, head)
        }),
    )
    const next = 1 + Math.max(0, ...epochs.map(({ operation }) => operation.epoch ?? 0))
    const taken: Act = ref === undefined ? { k: 'checkpoint' } : { k: 'accept', ref }
    const acts: readonly Act[] = [
      { k: 'grant', to: target, level: LEVEL.moderator },
      { k: 'grant', to: target, level: LEVEL.speaker },
      { k: 'grant', to: target, level: LEVEL.comoderator },
      taken,
      taken,
      { k: 'lower', to: target },
      { k: 'mute', to: target },
      { k: 'unmute', to: target },
      { k: 'remove', to: target, why: 'other' },
      { k: 'ban', to: target, why: 'other' },
      { k: 'unban', to: target },
      { k: 'admit', to: target },
      { k: 'revoke', to: target },
      knows % 2 === 0 ? { k: 'lock' } : { k: 'unlock' },
      { k: 'set', title: `Title ${knows % 5}`, ...(knows % 2 === 0 ? { hands: 'nobody' as const } : {}) },
      { k: 'epoch', epoch: next, hash: new Uint8Array(32), audience: new Uint8Array(32) },
      { k: 'checkpoint' },
      knows % 4 === 0 ? { k: 'hand', to: target } : { k: 'end' },
    ]
    stage.act(people[actor] as MemberId, acts[kind] as Act, view, knows % 7)
  }
  return stage
}

/** Everything that a state says, in one order. */
function plain(state: RoomState) {
  const sorted = <V>(map: ReadonlyMap<string, V>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const {
    ended,
    locked,
    settings,
    epoch,
    record,
    levels,
    offers,
    muted,
    banned,
    removed,
    admitted,
    accepted,
  } = state
  return {
    ended,
    locked,
    settings,
    epoch,
    record,
    levels: sorted(levels),
    offers: sorted(offers),
    banned: sorted(banned),
    removed: sorted(removed),
    muted: [...muted].toSorted(),
    admitted: [...admitted].toSorted(),
    accepted: sorted(accepted),
  }
}

it('ROOM-7 the state does not depend on the order in which operations come, nor on how many come at a time', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 18 }), (steps) => {
      const { all } = quarrel(steps)
      const shuffled = all
        .map((signed, i) => [signed, (steps[i]?.order ?? 0) % 97] as const)
        .toSorted((a, b) => a[1] - b[1])
        .map(([signed]) => signed)
      const whole = resolve(ROOM_OF_ALICE, historyOf(all))
      const other = resolve(ROOM_OF_ALICE, historyOf(shuffled))
      expect(plain(other)).toEqual(plain(whole))
      expect(stateDigest(other)).toEqual(stateDigest(whole))
      // One by one, in the order of the second.
      let history = EMPTY_HISTORY
      let state = resolve(ROOM_OF_ALICE, history)
      for (const signed of operationsFrom(historyOf(shuffled))) {
        const added = addOperation(history, signed)
        if (!added.ok) throw new Error(added.reason)
        history = added.value
        const before = plain(state)
        const next = advance(state, history)
        expect(plain(state)).toEqual(before)
        state = next
        expect(plain(state)).toEqual(plain(resolve(ROOM_OF_ALICE, history)))
      }
      expect(plain(state)).toEqual(plain(whole))
    }),
    runs(300),
  )
})

it('ROOM-7 goes back as far as to what a late operation knew, and no less far', () => {
  const stage = new Stage()
  const seated = stage.raise(alice, mallory, LEVEL.moderator)
  // A long time in which all know all, so that states of it are kept; then what Alice did at its beginning arrives.
  for (let i = 0; i < 20; i++) stage.act(mallory, { k: i % 2 === 0 ? 'mute' : 'unmute', to: carol })
  stage.act(mallory, { k: 'ban', to: dave, why: 'abuse' })
  for (let i = 0; i < 20; i++) stage.act(mallory, { k: i % 2 === 0 ? 'mute' : 'unmute', to: bob })
  stage.act(alice, { k: 'lower', to: mallory }, [seated])
  let state = resolve(ROOM_OF_ALICE, EMPTY_HISTORY)
  for (const signed of stage.all) {
    const added = addOperation(state.view.history, signed)
    if (!added.ok) throw new Error(added.reason)
    state = advance(state, added.value)
  }
  expect(plain(state)).toEqual(plain(stage.state()))
  expect([state.banned.size, state.record.length]).toEqual([0, 1])
})

it('two histories that grow out of one do not see each other', () => {
  const stage = new Stage()
  const first = stage.act(alice, { k: 'mute', to: bob })
  const [left, right] = [
    stage.act(alice, { k: 'lock' }, [first]),
    stage.act(bob, { k: 'lower', to: bob }, [first]),
  ]
  const common = historyOf([first])
  const [one, other] = [addOperation(common, left), addOperation(common, right)]
  if (!one.ok || !other.ok) throw new Error('refused')
  expect(operationsFrom(common)).toEqual([first])
  expect(operationsFrom(one.value)).toEqual([first, left])
  expect(operationsFrom(other.value)).toEqual([first, right])
  expect(addOperation(other.value, left)).toMatchObject({ ok: true, value: { size: 3 } })
})
