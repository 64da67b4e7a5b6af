import type { RoomId } from '../../protocol/ids.ts'
import { parseId } from '../../protocol/ids.ts'

/** The places of the app. All of them live in the fragment, so that no secret of a link is ever sent to a server. */
export type Route =
  | { readonly at: 'home' }
  | { readonly at: 'people' }
  | { readonly at: 'found'; readonly token: string }
  | { readonly at: 'invitation'; readonly code: string }
  | { readonly at: 'room'; readonly room: RoomId }

/** Reads `location.hash`. Whatever is no place of the app is home. */
export function parseRoute(hash: string): Route {
  const [place, argument, ...rest] = hash.replace(/^#\/?/, '').split('/')
  if (rest.length > 0) return { at: 'home' }
  if (place === 'people' && argument === undefined) return { at: 'people' }
  if (argument === undefined || argument === '') return { at: 'home' }
  if (place === 'found') return { at: 'found', token: argument }
  if (place === 'i') return { at: 'invitation', code: argument }
  const room = place === 'r' ? parseId<RoomId>(argument) : undefined
  return room === undefined ? { at: 'home' } : { at: 'room', room }
}

/** The fragment of a place that the app itself leads to; links with secrets are made by the relay and the peer. */
export function hashOf(route: Extract<Route, { at: 'home' | 'people' | 'room' }>): string {
  switch (route.at) {
    case 'home':
      return '#/'
    case 'people':
      return '#/people'
    case 'room':
      return `#/r/${route.room}`
  }
}
