import type { Level, ParticipantView } from '../../node/view.ts'
import type { Id } from '../../protocol/ids.ts'
import { moderates } from '../../protocol/room/level.ts'

export function isModerator(person: ParticipantView): boolean {
  return moderates(person.level)
}

/** Moderators act on those strictly below them, and never on themselves. */
export function mayModerate(actor: ParticipantView, target: ParticipantView): boolean {
  return isModerator(actor) && !target.me && target.level < actor.level
}

/** Which of the levels that come with authority an offer is of. */
export function offeredLevel(level: Level): 60 | 80 | 90 {
  return level >= 90 ? 90 : level >= 80 ? 80 : 60
}

/** The name to show for somebody, or the word for somebody unnamed with the start of their id, so that two of them differ. */
export function shownName(name: string | undefined, id: Id, unnamed: string): string {
  return name ?? `${unnamed} ${id.slice(0, 4)}`
}
