import type { RoomView } from '../../node/view.ts'
import type { MemberId } from '../../protocol/ids.ts'

/** Those on the stage whom this person may mute and who are not muted yet. */
export function mutable({ people }: RoomView): readonly MemberId[] {
  return people.filter(({ deeds }) => deeds.includes('mute')).map(({ member }) => member)
}

/** Those whom moderators muted and this person may let speak again. */
export function unmutable({ people }: RoomView): readonly MemberId[] {
  return people.filter(({ deeds }) => deeds.includes('unmute')).map(({ member }) => member)
}
