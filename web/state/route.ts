import type { MemberId, RoomId } from '../../protocol/ids.ts'
import { parseId } from '../../protocol/ids.ts'

/** Places about the people of the community, which come with one piece of code. */
export type PeoplePlace =
  | { readonly at: 'people' }
  | { readonly at: 'person'; readonly member: MemberId }
  | { readonly at: 'invite' }
  | { readonly at: 'decisions' }
  | { readonly at: 'verify' }
  | { readonly at: 'own' }
  | { readonly at: 'council' }
  | { readonly at: 'appeal' }
  /** A proposal of the council, by what stands in its link. */
  | { readonly at: 'sign'; readonly code: string }

/** The places that the app itself leads to; links with secrets are made by the relay and the peer. */
export type Place = PeoplePlace | { readonly at: 'home' } | { readonly at: 'room'; readonly room: RoomId }

/** The places of the app. All of them live in the fragment, so that no secret of a link is ever sent to a server. */
export type Route =
  | Place
  | { readonly at: 'found'; readonly token: string }
  | { readonly at: 'invitation'; readonly code: string }

/** Places without an argument, by their name in the address. */
const PLAIN = ['people', 'invite', 'decisions', 'verify', 'own', 'council', 'appeal'] as const

/** Reads `location.hash`. Whatever is no place of the app is home. */
export function parseRoute(hash: string): Route {
  const [place, argument, ...rest] = hash.replace(/^#\/?/, '').split('/')
  if (rest.length > 0) return { at: 'home' }
  const plain = PLAIN.find((name) => name === place)
  if (plain !== undefined && argument === undefined) return { at: plain }
  if (argument === undefined || argument === '') return { at: 'home' }
  if (place === 'found') return { at: 'found', token: argument }
  if (place === 'sign') return { at: 'sign', code: argument }
  if (place === 'i') return { at: 'invitation', code: argument }
  if (place === 'people') return parsed<MemberId>(argument, (member) => ({ at: 'person', member }))
  if (place === 'r') return parsed<RoomId>(argument, (room) => ({ at: 'room', room }))
  return { at: 'home' }
}

function parsed<T extends MemberId | RoomId>(argument: string, place: (id: T) => Route): Route {
  const id = parseId<T>(argument)
  return id === undefined ? { at: 'home' } : place(id)
}

/** Whether a place is one about people. */
export function isPeoplePlace(route: Route): route is PeoplePlace {
  return route.at === 'person' || route.at === 'sign' || PLAIN.some((name) => name === route.at)
}

/** The fragment of a place. */
export function hashOf(place: Place): string {
  switch (place.at) {
    case 'home':
      return '#/'
    case 'person':
      return `#/people/${place.member}`
    case 'room':
      return `#/r/${place.room}`
    case 'sign':
      return `#/sign/${place.code}`
    default:
      return `#/${place.at}`
  }
}
