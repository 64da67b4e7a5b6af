import type { MemberId } from '../../protocol/ids.ts'
import { isOut, levelOf, mayEnter, onStage, REMOVED_FOR, type RoomState } from '../../protocol/room/state.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { OutView } from '../view.ts'

/** Who has no business in a room, and why, as this peer's own resolved state has it. */
export interface Doorkeeper {
  /** Whoever is here before the door is locked stays. */
  seen(members: Iterable<MemberId>): void
  /** Somebody who had to know says that these were let in. */
  vouched(members: Iterable<MemberId>): void
  isOut(member: MemberId): boolean
  /** Whether a member is out who was not, as long as this is looked at: of others our own state may be old. */
  wasPutOut(member: MemberId): boolean
  /** Why a member is out; undefined for one who may be here. */
  why(member: MemberId): OutView | undefined
}

/** Who was inside before the door was locked: no operation says it, and who comes back must know it. */
export interface Insiders {
  /** As this device knew it when it was in the room before. */
  readonly known: Iterable<MemberId>
  /** Whether this device might have to know them when it comes back. */
  isWanted(): boolean
  /** Those of them who were not kept before. */
  keep(members: readonly MemberId[]): void
}

export function createDoorkeeper(state: () => RoomState, clock: Clock, insiders: Insiders): Doorkeeper {
  const inside = new Set<MemberId>(insiders.known)
  const welcome = new Set<MemberId>()
  const kept = new Set(inside)

  function keep(): void {
    if (inside.size === kept.size || !insiders.isWanted()) return
    const news = [...inside].filter((member) => !kept.has(member))
    for (const member of news) kept.add(member)
    insiders.keep(news)
  }

  /** A locked door is for those who were inside, and those whom somebody let in or raised. */
  function isShut(member: MemberId): boolean {
    const now = state()
    return now.locked && !inside.has(member) && !onStage(now, member) && !mayEnter(now, member)
  }

  return {
    seen(members) {
      const now = state()
      for (const member of members) {
        if (!now.locked || levelOf(now, member) > 0) inside.add(member)
        if (!isOut(now, member, second(clock))) welcome.add(member)
      }
      keep()
    },
    vouched(members) {
      for (const member of members) inside.add(member)
      keep()
    },
    isOut: (member) => isOut(state(), member, second(clock)) || isShut(member),
    wasPutOut: (member) => welcome.has(member) && isOut(state(), member, second(clock)),
    why(member) {
      const now = state()
      const banned = now.banned.get(member)
      if (banned) return { by: 'ban', why: banned.why, note: banned.note, until: undefined }
      const removed = now.removed.get(member)
      if (removed && second(clock) < removed.at + REMOVED_FOR)
        return {
          by: 'remove',
          why: removed.why,
          note: removed.note,
          until: (removed.at + REMOVED_FOR) * 1000,
        }
      const by = isOut(now, member, second(clock)) ? 'private' : isShut(member) ? 'lock' : undefined
      return by && { by, why: undefined, note: undefined, until: undefined }
    },
  }
}
