import { seal } from '../../protocol/envelope.ts'
import type { RoomId } from '../../protocol/ids.ts'
import { ANNOUNCE } from '../../protocol/room/announcement.ts'
import { ROOM } from '../../protocol/room/opening.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import { bytesOf, type Founded, signerOf } from './community.ts'

/** A room that Alice opened this minute, in which she has the floor, and her word of it as her app says it on the community's topic. */
export async function announcedRoom({
  community,
  founder,
}: Founded): Promise<{ readonly room: RoomId; readonly announcement: Uint8Array }> {
  const { member, device } = founder
  const about = { title: 'Under the tree', topics: [], lang: 'en', vis: 'open', hands: 'everybody' } as const
  const at = toLedgerTime(Math.floor(Date.now() / 1000))
  const nonce = bytesOf('room').slice(0, 16)
  const opening = await seal(ROOM, community, { m: member, ...about, nonce, at }, [device])
  const room = opening.id as RoomId
  const announcement = {
    r: room,
    m: member,
    peer: signerOf('Alice session').publicKey,
    seq: Date.now(),
    opening: opening.bytes,
    people: 1,
    here: [{ m: member, stage: true }],
  }
  return { room, announcement: (await seal(ANNOUNCE, community, announcement, [device])).bytes }
}
