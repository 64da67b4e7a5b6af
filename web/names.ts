import type { CouncilSeat } from '../node/people/council-view.ts'
import type { MemberId } from '../protocol/ids.ts'
import { useApplication } from './context.ts'
import { usePeople } from './people-context.ts'
import { shownName } from './state/people.ts'

/** So much of a key is shown of one that is of nobody. Characters. */
const SHORT = 8

/** How people are called in sentences, on the screens about people. */
export interface Names {
  of(member: MemberId): string
  ofSeat(seat: CouncilSeat): string
  ofSeats(seats: readonly CouncilSeat[]): string
  list(members: readonly MemberId[]): string
}

/** For components below `PeoplePlace.svelte`; what it says follows the people and the language. */
export function useNames(): Names {
  const { language } = useApplication()
  const { words: w, register } = usePeople()
  const join = (names: readonly string[]) => new Intl.ListFormat(language.locale).format(names)
  const of = (member: MemberId) =>
    shownName(register.person(member)?.name, member, language.messages.people.unnamed)
  const ofSeat = ({ key, member }: CouncilSeat) =>
    member === undefined ? w.desk.nobody(key.slice(0, SHORT)) : of(member)
  return {
    of,
    ofSeat,
    ofSeats: (seats) => join(seats.map(ofSeat)),
    list: (members) => join(members.map(of)),
  }
}
