import { expect, test } from 'vitest'
import { deedsFor } from '../../../node/room/deeds.ts'
import { LEVEL } from '../../../protocol/room/level.ts'
import { alice, bob, carol, dave, Stage } from '../../support/stage.ts'

test('ROOM-6 nobody is offered to lift what they cannot: a mute by somebody stronger', () => {
  const stage = new Stage()
  stage.raise(alice, bob, LEVEL.moderator)
  stage.raise(alice, carol, LEVEL.comoderator)
  stage.raise(alice, dave, LEVEL.speaker)
  const offered = () => {
    const state = stage.state()
    return [alice, bob, carol].filter((actor) => deedsFor(state, actor, dave).includes('unmute'))
  }
  expect(offered()).toEqual([])
  stage.act(carol, { k: 'mute', to: dave })
  expect(offered()).toEqual([alice, bob, carol])
  stage.act(bob, { k: 'mute', to: dave })
  expect(offered()).toEqual([alice, bob])
  stage.act(alice, { k: 'mute', to: dave })
  expect(offered()).toEqual([alice])
  // What was lifted, however strong it was, stands in nobody's way.
  stage.act(alice, { k: 'unmute', to: dave })
  expect(offered()).toEqual([])
  stage.act(carol, { k: 'mute', to: dave })
  expect(offered()).toEqual([alice, bob, carol])
})
