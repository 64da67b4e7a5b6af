import { type CommunityId, parseId, type RoomId } from '../ids.ts'

/**
 * The gossip topics (SPEC §9.7). The community's carries announcements and promises; a room's carries its operations and beacons.
 * Messages are envelopes; a message's id is the SHA-256 of its bytes.
 */
export function communityTopic(community: CommunityId): string {
  return `palabre/1/${community}`
}

export function roomTopic(community: CommunityId, room: RoomId): string {
  return `palabre/1/${community}/${room}`
}

export type Topic =
  | { readonly kind: 'community'; readonly community: CommunityId }
  | { readonly kind: 'room'; readonly community: CommunityId; readonly room: RoomId }

/** Reads a topic that somebody else named; `undefined` when it is none of ours. */
export function parseTopic(topic: string): Topic | undefined {
  const [prefix, version, first, second, ...rest] = topic.split('/')
  if (prefix !== 'palabre' || version !== '1' || first === undefined || rest.length > 0) return undefined
  const community = parseId<CommunityId>(first)
  if (community === undefined) return undefined
  if (second === undefined) return { kind: 'community', community }
  const room = parseId<RoomId>(second)
  return room === undefined ? undefined : { kind: 'room', community, room }
}
