import { expect, test } from 'vitest'
import { createActing } from '../../../node/community/acting.ts'
import { chainOfDevice, sealAct } from '../../../node/community/acts.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { PeerError } from '../../../node/errors.ts'
import type { Ledger } from '../../../node/ledger/ledger.ts'
import type { PeerIdString } from '../../../node/network/network.ts'
import { Observed } from '../../../node/observed.ts'
import { memoryLocks } from '../../../node/ports/locks.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { memoryStorage } from '../../../node/storage/memory-storage.ts'
import { commitTitle, ROOM_OPEN } from '../../../protocol/community/stage-room.ts'
import type { Envelope } from '../../../protocol/envelope.ts'
import { idOf, type RoomId } from '../../../protocol/ids.ts'
import { good } from '../../../protocol/result.ts'
import { Book } from '../../scenario/ledger/book.ts'
import { bytesOf } from '../../support/community.ts'

/** One device of Alice, of which another tab may be signing just now, and a ledger that takes what it must. */

/** Longer than anybody waits for another tab. Milliseconds. */
const LONG = 60_000

async function device() {
  const book = await Book.of()
  const { alice } = book
  const { community } = alice
  const clock = turnedClock(book.at * 1000)
  const membership = new Observed(book.state)
  const [storage, locks] = [memoryStorage(), memoryLocks()]
  /** The relay answers and takes nothing. */
  let isLost = false
  const ledger = {
    membership,
    pull: async () => good(true),
    async submit(_relay: PeerIdString, statement: Envelope<unknown>) {
      if (isLost) throw new PeerError('relay-unreachable')
      await book.take(statement)
      membership.set(book.state)
      return good(true)
    },
  } as unknown as Ledger
  const acting = createActing({
    community,
    ledger,
    verifier: await platformVerifier(),
    storage,
    locks,
    clock,
    relay: 'the relay' as PeerIdString,
    connected: () => true,
    signal: new AbortController().signal,
  })
  return {
    acting,
    clock,
    rooms: () => [...book.state.rooms.keys()],
    stored: async () => (await storage.list('act/')).length,
    lose(lost: boolean) {
      isLost = lost
    },
    otherTab: async () => {
      const release = await locks.take(`palabre/device/${community}`)
      if (!release) throw new Error('this tab signs')
      return release
    },
    /** Alice says that a room of hers counts. */
    open: (room: RoomId, giveWay?: boolean) =>
      acting.next(
        alice.device.publicKey,
        chainOfDevice(alice.device.publicKey),
        (state, chain) =>
          sealAct(
            state,
            ROOM_OPEN,
            (place) => ({ ...place, room, title: commitTitle(room, 'Evening') }),
            alice.member,
            chain,
            [alice.device],
            book.at,
          ),
        giveWay,
      ),
  }
}

const [FIRST, SECOND] = [idOf<RoomId>(bytesOf('one')), idOf<RoomId>(bytesOf('two'))]

test('what a person does waits while another tab signs, and is done then', async () => {
  const { open, otherTab, rooms, clock } = await device()
  const release = await otherTab()
  const opening = open(FIRST)
  clock.turn(1_000)
  release()
  await opening
  expect(rooms()).toEqual([FIRST])
  expect(clock.pending).toBe(0)
  await open(SECOND)
  expect(rooms()).toEqual([FIRST, SECOND])
})

test('it does not wait for ever for a tab that hangs, signs nothing then, and may be done again', async () => {
  const { open, otherTab, rooms, stored, clock } = await device()
  const release = await otherTab()
  const opening = open(FIRST)
  clock.turn(LONG)
  await expect(opening).rejects.toMatchObject({ code: 'other-tab' })
  expect(await stored()).toBe(0)
  release()
  await open(FIRST)
  expect(rooms()).toEqual([FIRST])
})

test('what can be done later gives way at once, and so does what is sent again', async () => {
  const { acting, open, otherTab, rooms, stored, lose, clock } = await device()
  lose(true)
  await expect(open(FIRST)).rejects.toMatchObject({ code: 'relay-unreachable' })
  lose(false)
  const release = await otherTab()
  await expect(open(SECOND, true)).rejects.toMatchObject({ code: 'other-tab' })
  await acting.settle()
  expect(await stored()).toBe(1)
  expect(rooms()).toEqual([])
  expect(clock.pending).toBe(0)
  release()
  await acting.settle()
  expect(await stored()).toBe(0)
  expect(rooms()).toEqual([FIRST])
})
