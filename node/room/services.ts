import { openerFromSeed } from '../../protocol/community/sealed.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { openCall } from '../../protocol/room/call.ts'
import { EPOCH } from '../../protocol/wire/epoch.ts'
import { CALL, TELL } from '../../protocol/wire/private-room.ts'
import { SYNC } from '../../protocol/wire/services.ts'
import { WELCOME } from '../../protocol/wire/welcome.ts'
import type { Greetings } from '../greetings.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import type { Me } from '../presence.ts'
import { serve } from '../requests.ts'
import type { Directory } from './directory.ts'
import type { Rooms } from './rooms.ts'

export interface RoomServices {
  readonly me: Me
  /** 32 bytes: of the session's key. */
  readonly sessionSeed: Uint8Array
  readonly community: CommunityId
  readonly network: PeerNetwork
  readonly greetings: Greetings
  readonly rooms: Rooms
  /** Of the private rooms to which this session is called. */
  readonly calls: Directory
}

/** Answers what others ask of who is in a room, and takes calls into private ones. */
export async function serveRooms(services: RoomServices): Promise<void> {
  const { me, sessionSeed, community, network, greetings, rooms, calls } = services
  const opener = openerFromSeed(sessionSeed, me.session.publicKey)
  const isMember = async (peer: PeerIdString) => (await greetings.whose(peer)) !== undefined
  const isRelay = (peer: string) => network.relays().some((relay) => relay === peer)

  await serve(network, SYNC, async (from, request) => {
    const isOne = await isMember(from)
    const room = rooms.current?.id === request.r ? rooms.current : undefined
    // A relay that carries our voices asks who may be heard; the rooms that it carries are on the list.
    const relayed = room?.isPrivate === false && isRelay(from)
    if (!isOne && !relayed) return { error: 'not-admitted' }
    return room?.sync(from, request) ?? { error: 'room-unknown' }
  })
  await serve(network, EPOCH, async (from, request) => {
    await greetings.whose(from)
    const room = rooms.current
    if (room === undefined || room.id !== request.r) return { error: 'room-unknown' }
    const error = room.takeSecret(from, request)
    return error === undefined ? {} : { error }
  })
  await serve(network, WELCOME, async (from, request, signal) => {
    if (!isRelay(from)) return { error: 'not-admitted' }
    if (request.to !== me.session.publicKey) return { error: 'wrong-peer' }
    const room = rooms.current
    return room?.id === request.r ? await room.welcome(request, signal) : { error: 'room-unknown' }
  })
  await serve(network, TELL, async (from, { r, of }) => {
    if (!(await isMember(from))) return { error: 'not-admitted' }
    const room = rooms.current
    if (room === undefined || room.id !== r) return { error: 'room-unknown' }
    const error = await room.hear(from, of)
    return error === undefined ? {} : { error }
  })
  await serve(network, CALL, async (from, { to, call }) => {
    if (!isRelay(from)) return { error: 'not-admitted' }
    if (to !== me.session.publicKey || call === undefined) return { error: 'wrong-peer' }
    const opened = openCall(community, opener, call)
    if (!opened.ok) return { error: opened.reason }
    // A relay that was told what we make of it could play calls back, and see by what is stale which of them are into one room.
    const taken = await calls.receive(opened.value)
    if (taken.ok) rooms.called()
    return {}
  })
}
