import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MemberId } from '../../protocol/ids.ts'
import { queueOfHands } from '../../protocol/room/hands.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import { alice, bob, carol, dave, mallory, Stage } from '../support/stage.ts'

const nobodyIsOut = () => false
const up = (m: MemberId, hand: number) => ({ m, hand })
const order = (hands: ReturnType<typeof queueOfHands>) => hands.map(({ member }) => member)

describe('the queue of hands', () => {
  it('BEACON-7 who raised theirs first is first, of one member the latest counts, and a hand that is down does not', () => {
    const hands = [up(dave, 0), up(carol, 30), up(bob, 20), up(carol, 0), up(bob, 40)]
    expect(queueOfHands(hands, new Stage().state(), nobodyIsOut)).toEqual([
      { member: carol, since: 30 },
      { member: bob, since: 40 },
    ])
  })

  it('BEACON-7 is the same for all, in whatever order they heard', () => {
    const hands = [alice, bob, carol, dave, mallory].map((m, i) => up(m, 10 + (i % 2)))
    const state = new Stage().state({ ...new Stage().state().view.room, m: mallory })
    const wanted = order(queueOfHands(hands, state, nobodyIsOut))
    expect(wanted).toHaveLength(4)
    fc.assert(
      fc.property(fc.shuffledSubarray(hands, { minLength: hands.length }), (heard) => {
        expect(order(queueOfHands(heard, state, nobodyIsOut))).toEqual(wanted)
      }),
    )
  })

  it('BEACON-7 nobody on the stage, and nobody who is out, holds a place before others', () => {
    const stage = new Stage()
    stage.raise(alice, bob, LEVEL.speaker)
    const hands = [up(alice, 1), up(bob, 2), up(mallory, 3), up(carol, 4)]
    expect(order(queueOfHands(hands, stage.state(), (member) => member === mallory))).toEqual([carol])
  })

  it('BEACON-9 nobody has waited for longer than there is a room, by the clock of whoever opened it', () => {
    const room = { ...new Stage().state().view.room, at: 1_000 }
    const hands = [up(mallory, 1), up(dave, 700), up(carol, 701), up(bob, 1_010)]
    const queue = queueOfHands(hands, new Stage().state(room), nobodyIsOut)
    expect(queue.map(({ since }) => since)).toEqual([700, 700, 701, 1_010])
    expect(new Set(order(queue).slice(0, 2))).toEqual(new Set([mallory, dave]))
    expect(order(queue).slice(2)).toEqual([carol, bob])
  })

  it('BEACON-7 is empty where nobody may raise a hand', () => {
    const stage = new Stage()
    stage.act(alice, { k: 'set', hands: 'nobody' })
    expect(queueOfHands([up(carol, 4)], stage.state(), nobodyIsOut)).toEqual([])
  })
})
