import { InvalidArgumentError } from 'commander'
import type { RoomId } from '../../../protocol/ids.ts'
import { PeerError } from '../../errors.ts'
import { headlessPeers } from '../../headless/headless.ts'
import { RoomSound } from '../../headless/room-sound.ts'
import { admitted, reaches } from '../../headless/room-visit.ts'
import type { Peer, RoomSession, RoomView } from '../../view.ts'
import type { Terminal } from '../command.ts'
import { type ExitStatus, RefusedError } from '../failure.ts'
import { atSite, type HomeOptions, notJoined } from './home.ts'
import { parseRoomId } from './targets.ts'

/** A member in a room, without a window and without devices for sound. */
export interface RoomVisit {
  readonly peer: Peer
  readonly session: RoomSession
  readonly sound: RoomSound
}

/**
 * Who comes does not know at once what there is: a private room calls those whom it lets in every ten seconds (PRIVATE-3), and the list of the others
 * is fetched. Two calls and a bit, in milliseconds.
 */
const HEARD_OF = 25_000

/** Enters a room that others opened, as soon as it is heard of. @throws PeerError */
export async function joinWhenHeardOf(peer: Peer, room: RoomId, signal: AbortSignal): Promise<RoomSession> {
  try {
    return await peer.joinRoom(room)
  } catch (error) {
    if (!(error instanceof PeerError) || error.code !== 'room-gone') throw error
  }
  const late = AbortSignal.timeout(HEARD_OF)
  const isThere = (rooms: readonly { readonly id: RoomId }[]) => rooms.some(({ id }) => id === room)
  await reaches(peer.rooms, isThere, AbortSignal.any([signal, late])).catch((error: unknown) => {
    if (!late.aborted) throw error
  })
  return peer.joinRoom(room)
}

/** The id of a room, or its address as the app shows it. */
export function parseRoom(typed: string): RoomId {
  const [, id] = /^https?:\/\/[^#]+#\/r\/([A-Za-z0-9_-]{43})$/.exec(typed) ?? []
  if (id === undefined && typed.includes('/'))
    throw new InvalidArgumentError('This is neither the id of a room nor its address.')
  return parseRoomId(id ?? typed)
}

/** Goes into a room as the member whose device is here, and leaves it and the relay when the action ends. */
export function inRoom(
  terminal: Terminal,
  options: HomeOptions,
  enter: (peer: Peer) => Promise<RoomSession>,
  action: (visit: RoomVisit) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const { signal } = terminal
  return atSite(terminal, options, undefined, async ({ ports, origin }) => {
    let sound: RoomSound | undefined
    const ways = headlessPeers(
      ports,
      (iceServers) => (session) => {
        sound = new RoomSound(session, { ...ports, iceServers, bind: undefined })
        return sound
      },
      origin,
      signal,
    )
    const peer = await ways.resume()
    if (peer === undefined) throw notJoined()
    try {
      await admitted(peer, signal)
      const session = await enter(peer)
      if (sound === undefined) throw new Error('a room was entered without a sound')
      return await action({ peer, session, sound })
    } finally {
      await peer.stop()
    }
  })
}

/** Whether there is any use in staying. */
export function isOver({ status }: RoomView): boolean {
  return status === 'ended' || status === 'out' || status === 'left'
}

const OUT = {
  ban: 'You are banned from this room.',
  remove: 'You were put out of this room.',
  lock: 'Nobody new comes into this room now.',
  private: 'This room is private, and you were not let in.',
} as const

/** @throws CliError when we were put out, or never let in */
export function checkIn({ status, out }: RoomView): void {
  if (status === 'out' && out !== undefined) throw new RefusedError('room-out', OUT[out.by])
}
