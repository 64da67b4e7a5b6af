import type { ParticipantView, RoomView } from '../../node/view.ts'
import type { Messages } from '../messages/messages.ts'
import { isModerator } from './people.ts'

/** What changed in a room between two views and deserves to be said aloud, in the order of its importance to me. */
export function newsOf(
  before: RoomView,
  after: RoomView,
  t: Messages,
  nameOf: (person: ParticipantView) => string,
): readonly string[] {
  if (before.status !== 'ended' && after.status === 'ended') return [t.said.ended]
  return [
    ...newsOfMe(before.me, after.me, t),
    ...newsOfRelay(before, after, t),
    ...newsOfOthers(before, after, t, nameOf),
  ]
}

function newsOfMe(before: ParticipantView, after: ParticipantView, t: Messages): readonly string[] {
  const news: string[] = []
  if (!before.offered && after.offered) news.push(t.said.offered)
  if (!before.onStage && after.onStage) news.push(t.said.iAmOnStage)
  if (before.onStage && !after.onStage) news.push(t.said.iLeftStage)
  if (!before.mutedByModerator && after.mutedByModerator) news.push(t.said.iWasMuted)
  if (before.mutedByModerator && !after.mutedByModerator && after.onStage) news.push(t.said.muteLifted)
  return news
}

function newsOfRelay(before: RoomView, after: RoomView, t: Messages): readonly string[] {
  const wasAway = before.relay === 'reconnecting'
  const isAway = after.relay === 'reconnecting'
  if (!wasAway && isAway) return [t.said.relayAway]
  return wasAway && after.relay === 'connected' ? [t.said.relayBack] : []
}

function newsOfOthers(
  before: RoomView,
  after: RoomView,
  t: Messages,
  nameOf: (person: ParticipantView) => string,
): readonly string[] {
  const earlier = new Map(before.people.map((person) => [person.member, person]))
  const wereAway = new Set(before.away.map(({ member }) => member))
  return after.people
    .filter((person) => !person.me)
    .flatMap((person) => {
      const was = earlier.get(person.member)
      const name = nameOf(person)
      // Who finds the place that was kept for them never left it.
      if (person.onStage && !was?.onStage)
        return wereAway.has(person.member) ? [] : [t.said.cameOnStage(name)]
      if (!person.onStage && was?.onStage) return [t.said.leftStage(name)]
      // Only a moderator can answer a hand; to the others it would be noise over a conversation.
      const newHand = person.hand !== undefined && was?.hand === undefined
      return newHand && isModerator(after.me) ? [t.said.handRaised(name)] : []
    })
}
