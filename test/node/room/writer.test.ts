import { expect, test } from 'vitest'
import { readAll, readOperation } from '../../../node/gossip/received.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { roomArchive } from '../../../node/room/archive.ts'
import { createRoomLog, type RoomLog } from '../../../node/room/log.ts'
import { createWriter } from '../../../node/room/writer.ts'
import { memoryStorage } from '../../../node/storage/memory-storage.ts'
import { open, seal } from '../../../protocol/envelope.ts'
import type { MemberId, RoomId } from '../../../protocol/ids.ts'
import { nextOfDevice, operationsFrom } from '../../../protocol/room/history.ts'
import { ROOM } from '../../../protocol/room/opening.ts'
import { type Act, MAX_ACTS, OPERATION } from '../../../protocol/room/operation.ts'
import { signerOf } from '../../support/community.ts'
import { memberOf, ROOM_OF_ALICE } from '../../support/stage.ts'
import { createScene, verifier } from '../mesh/scene.ts'

/** Somebody who writes in Alice's room, and what the others are told of it. */
async function desk(name = 'Alice') {
  const scene = await createScene()
  const alice = await scene.session('Alice')
  const { person, network } = name === 'Alice' ? alice : await scene.session(name)
  const session = signerOf(`${name} session`)
  const { community } = scene.membership()
  const opening = await seal(ROOM, community, { ...ROOM_OF_ALICE, m: alice.person.member }, [
    alice.person.device,
  ])
  const room = opening.id as RoomId
  const storage = memoryStorage()
  const log = createRoomLog(opening)
  const said: { readonly acts: number; readonly bytes: Uint8Array; readonly about: readonly MemberId[] }[] =
    []
  const write = createWriter({
    room,
    me: { member: person.member, device: person.device, session, peer: network.peer },
    community,
    log,
    archive: roomArchive(storage),
    clock: turnedClock(1_800_000_000_000),
    channel: {
      tell: async (bytes, about = []) => {
        const opened = open(OPERATION, community, bytes)
        if (!opened.ok) throw new Error(opened.reason)
        said.push({ acts: 1 + (opened.value.payload.also?.length ?? 0), bytes, about })
      },
    },
    hasLeft: () => false,
    onWritten: () => {},
  })
  /** The same device, after a reload: what it kept. */
  async function reloaded(): Promise<RoomLog> {
    const again = createRoomLog(opening)
    const archive = roomArchive(storage)
    await archive.begin(room, opening.bytes, 0)
    const kept = (await archive.open(room))?.operations ?? []
    const judging = { verifier, membership: scene.membership }
    const read = await readAll(judging, kept, (bytes) => readOperation(judging, room, bytes))
    again.addAll(read.flatMap((one) => (one.ok ? one.value : [])))
    return again
  }
  return { write, log, said, reloaded, member: person.member, key: person.device.publicKey }
}

const people = Array.from({ length: 2 * MAX_ACTS + 3 }, (_, i) => memberOf(`somebody ${i}`))
const mute = (to: MemberId): Act => ({ k: 'mute', to })

test('OP-8 what is done to many at once is one message, of which all of them are told', async () => {
  const { write, log, said } = await desk()
  await write(...people.slice(0, 5).map(mute))
  expect(said).toMatchObject([{ acts: 5, about: people.slice(0, 5) }])
  expect([...log.state.muted].toSorted()).toEqual(people.slice(0, 5).toSorted())
  expect(log.state.record).toHaveLength(5)
  await write(mute(people[5] as MemberId))
  expect(said).toMatchObject([{ acts: 5 }, { acts: 1, about: [people[5]] }])
  await write()
  expect(said).toHaveLength(2)
})

test('OP-8 is as many messages as it needs where there are more, or they say much', async () => {
  const { write, log, said } = await desk()
  await write(...people.map(mute))
  expect(said.map(({ acts }) => acts)).toEqual([MAX_ACTS, MAX_ACTS, 3])
  expect(log.state.muted.size).toBe(people.length)
  const note = '大'.repeat(200)
  await write(...people.slice(0, 6).map((to): Act => ({ k: 'ban', to, why: 'abuse', note })))
  expect(said.slice(3).map(({ acts }) => acts)).toEqual([4, 2])
  expect(log.state.banned.size).toBe(6)
})

test('OP-8 says by itself what cannot be said together, in its order', async () => {
  const { write, log, said } = await desk()
  await write({ k: 'lock' }, { k: 'unlock' }, { k: 'checkpoint' }, { k: 'lock' }, { k: 'end' })
  expect(said.map(({ acts }) => acts)).toEqual([2, 1, 1, 1])
  expect(operationsFrom(log.history).map(({ operation: { k } }) => k)).toEqual([
    'lock',
    'unlock',
    'checkpoint',
    'lock',
    'end',
  ])
  expect(log.state).toMatchObject({ locked: true, ended: true })
})

test('does nothing of it where one may not be done', async () => {
  const { write, log, said, reloaded } = await desk('Bob')
  await expect(write(mute(people[0] as MemberId), mute(people[1] as MemberId))).rejects.toMatchObject({
    code: 'not-allowed',
  })
  expect([log.history.size, said.length, (await reloaded()).history.size]).toEqual([0, 0, 0])
})

test('does nothing of it where only a later one may not be done', async () => {
  const { write, log, said, reloaded, member } = await desk()
  await expect(write(mute(people[0] as MemberId), mute(member))).rejects.toMatchObject({
    code: 'not-allowed',
  })
  expect([log.history.size, said.length, (await reloaded()).history.size]).toEqual([0, 0, 0])
})

test('OP-5 goes on after all of its numbers, also when the page was reloaded', async () => {
  const { write, log, reloaded, key } = await desk()
  await write(...people.slice(0, 40).map(mute))
  const again = await reloaded()
  expect(again.history.heads).toEqual(log.history.heads)
  expect([nextOfDevice(again.history, key), again.state.muted.size]).toEqual([40, 40])
})
