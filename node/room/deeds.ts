import type { MemberId } from '../../protocol/ids.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import type { Act } from '../../protocol/room/operation.ts'
import { mayAct } from '../../protocol/room/resolve.ts'
import { levelOf, type RoomState, wouldUnmute } from '../../protocol/room/state.ts'
import type { RoomDeed, RoomPower } from '../view.ts'

/** What somebody may do about another right now: what the others will accept, and what changes something. */
export function deedsFor(state: RoomState, actor: MemberId, to: MemberId): readonly RoomDeed[] {
  if (actor === to) return []
  const level = levelOf(state, to)
  const acts: readonly (readonly [RoomDeed, Act, boolean])[] = [
    ['offer', { k: 'grant', to, level: LEVEL.speaker }, level < LEVEL.speaker && !state.offers.has(to)],
    ['comoderator', { k: 'grant', to, level: LEVEL.comoderator }, level < LEVEL.comoderator],
    ['moderator', { k: 'grant', to, level: LEVEL.moderator }, level < LEVEL.moderator],
    ['mute', { k: 'mute', to }, level >= LEVEL.speaker && !state.muted.has(to)],
    ['unmute', { k: 'unmute', to }, wouldUnmute(state, actor, to)],
    ['lower', { k: 'lower', to }, level >= LEVEL.speaker || state.offers.has(to)],
    ['remove', { k: 'remove', to, why: 'other' }, true],
    ['ban', { k: 'ban', to, why: 'other' }, true],
    ['hand', { k: 'hand', to }, true],
  ]
  return acts
    .filter(([, act, makesSense]) => makesSense && mayAct(state, actor, act).ok)
    .map(([deed]) => deed)
}

/** What somebody may do about the room itself. */
export function powersOf(state: RoomState, actor: MemberId): readonly RoomPower[] {
  const acts: readonly (readonly [RoomPower, Act])[] = [
    ['lock', { k: 'lock' }],
    ['set', { k: 'set', title: '-' }],
    ['end', { k: 'end' }],
  ]
  const powers = acts.filter(([, act]) => mayAct(state, actor, act).ok).map(([power]) => power)
  const admits = state.view.room.vis === 'private' && levelOf(state, actor) >= LEVEL.comoderator
  return admits && !state.ended ? [...powers, 'admit'] : powers
}
