import { describe, expect, test } from 'vitest'
import type { Acting } from '../../../node/community/acting.ts'
import { PeerError, type PeerErrorCode } from '../../../node/errors.ts'
import type { Ledger, Reading } from '../../../node/ledger/ledger.ts'
import { Observed } from '../../../node/observed.ts'
import { memoryLocks } from '../../../node/ports/locks.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import type { Directory, ListedRoom } from '../../../node/room/directory.ts'
import { openStageKeeper, type StageKeeper } from '../../../node/room/stage-keeper.ts'
import { isOpenIn } from '../../../node/room/stage-statements.ts'
import { memoryStorage } from '../../../node/storage/memory-storage.ts'
import type { ParticipantView, RoomSession, RoomView } from '../../../node/view.ts'
import { ATTEST } from '../../../protocol/community/attest.ts'
import { slotsOf } from '../../../protocol/community/slots.ts'
import { commitTitle, ROOM_END, ROOM_OPEN } from '../../../protocol/community/stage-room.ts'
import { idOf, type RoomId } from '../../../protocol/ids.ts'
import { DAY, HOUR, MINUTE } from '../../../protocol/limits.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { Book } from '../../scenario/ledger/book.ts'
import { deviceAct } from '../../support/acts.ts'
import { bytesOf, type Person } from '../../support/community.ts'

/** A ledger that takes what it must, rooms that are only thought of, and one clock, which is turned. */

const ROOM = idOf<RoomId>(bytesOf('an evening'))
const TITLE = 'An evening'
/** What a keeper does between two statements is done within so many turns of the event loop. */
const TURNS = 10

class Village {
  readonly book: Book
  readonly clock
  readonly membership: Observed<Book['state']>
  readonly listed = new Observed<readonly ListedRoom[]>([])
  readonly over = new Set<RoomId>()
  /** What was put into the ledger by keepers, in order. */
  readonly written: string[] = []
  readonly reports: unknown[] = []
  #running = 0
  reading: Reading | undefined
  connected = true
  /** The next statements are refused with this. */
  failing: PeerErrorCode | undefined

  constructor(book: Book) {
    this.book = book
    this.clock = turnedClock(book.at * 1000)
    this.membership = new Observed(book.state)
  }

  device(person: Person): TabMaker {
    const storage = memoryStorage()
    const locks = memoryLocks()
    const acting: Acting = {
      next: (_key, chainOf, make, giveWay) =>
        this.#during(async () => {
          if (!giveWay) throw new Error('a keeper gives way to another tab')
          if (!this.connected) throw new PeerError('relay-unreachable')
          if (this.failing) throw new PeerError(this.failing)
          this.#catchUp()
          const chain = chainOf(this.book.state)
          if (!chain) throw new PeerError('not-member')
          const statement = await make(this.book.state, chain)
          await this.book.take(statement)
          this.written.push(`${person.name}: ${statement.type}`)
          this.membership.set(this.book.state)
          return statement
        }),
      once: () => Promise.reject(new Error('a keeper is no council')),
      settle: async () => {},
    }
    const village = this
    const tab = () =>
      openStageKeeper({
        me: person,
        community: person.community,
        ledger: {
          membership: this.membership,
          reading: {
            get value() {
              return village.reading
            },
          },
        } as unknown as Ledger,
        acting,
        storage,
        locks,
        clock: this.clock,
        directory: {
          rooms: this.listed,
          isOver: (room: RoomId) => this.over.has(room),
        } as unknown as Directory,
        connected: () => this.connected,
        report: (_where, error) => this.reports.push(error),
      })
    return { tab, stored: async () => (await storage.list('')).length }
  }

  async #during<T>(action: () => Promise<T>): Promise<T> {
    this.#running++
    try {
      return await action()
    } finally {
      this.#running--
    }
  }

  /** Until keepers have done what they began. */
  async calm(): Promise<void> {
    do for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
    while (this.#running > 0)
  }

  #catchUp(): void {
    this.book.later(toLedgerTime(this.clock.now() / 1000) - this.book.at)
  }

  /** Time passes in steps that a keeper's timer takes. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 10) {
      this.clock.turn(Math.min(left, 10) * 1000)
      await this.calm()
    }
  }

  /** Nobody looks meanwhile: what a machine does that is off. */
  async leap(seconds: number): Promise<void> {
    this.clock.set(this.clock.now() + seconds * 1000)
    await this.pass(10)
  }

  announce(there: boolean): void {
    this.listed.set(there ? [{ id: ROOM } as ListedRoom] : [])
  }

  get room() {
    return this.book.state.rooms.get(ROOM)
  }

  get attests() {
    return [...this.book.state.attests.values()].map(({ member, for: of, minutes }) => ({
      member,
      of,
      minutes,
    }))
  }
}

interface TabMaker {
  tab(): StageKeeper
  stored(): Promise<number>
}

/** A room as one member has joined it, with others on its stage who speak. */
class Joined {
  readonly view: Observed<RoomView>
  readonly session: RoomSession

  constructor(village: Village, host: Person, speaking: readonly Person[]) {
    const people = speaking.map(
      ({ member }) => ({ member, me: false, onStage: true, speaking: true }) as ParticipantView,
    )
    const counts = () => isOpenIn(village.book.state, ROOM, host.member)
    const view = { id: ROOM, host: host.member, status: 'open', people } as unknown as RoomView
    Object.defineProperty(view, 'counts', { get: counts, enumerable: true })
    this.view = new Observed(view)
    this.session = { view: this.view } as unknown as RoomSession
  }

  become(status: RoomView['status']): void {
    this.view.set({ ...this.view.value, status })
  }
}

/** Alice founded the community long ago; Bob is her guest and Carol is Bob's. */
async function village(policy = {}) {
  const book = await Book.of(policy)
  book.later(100 * DAY)
  const bob = await book.bring(book.alice, 0, 'Bob')
  // After so long Bob has to wait as everybody has.
  book.later(8 * DAY)
  const carol = await book.bring(bob, 0, 'Carol')
  const of = new Village(book)
  return { of, book, alice: book.alice, bob, carol }
}

const stateOfSlots = (book: Book, person: Person) =>
  slotsOf(book.state, person.member, book.at).map(({ state }) => state)

describe('STAGE-1: a room of one’s own whose stage shall count', () => {
  test('is in the ledger before anybody knows of it, with its title as a commitment', async () => {
    const { of, alice, book } = await village()
    await of.device(alice).tab().enter(ROOM, TITLE)
    expect(of.written).toEqual(['Alice: room-open'])
    expect(of.room).toMatchObject({ host: alice.member, end: undefined })
    expect(commitTitle(ROOM, TITLE)).toHaveLength(32)
    expect(await book.disagreement()).toBeUndefined()
  })

  test('comes into it when the relay does, and nothing that was heard before counts', async () => {
    const { of, alice, bob } = await village()
    const keeper = of.device(alice).tab()
    of.connected = false
    await keeper.enter(ROOM, TITLE)
    const room = new Joined(of, alice, [bob])
    await keeper.follow(room.session)
    await of.pass(10 * MINUTE)
    expect(of.written).toEqual([])
    of.connected = true
    await of.pass(3 * MINUTE)
    room.become('ended')
    await of.calm()
    expect(of.written).toEqual(['Alice: room-open', 'Alice: room-end', 'Alice: attest'])
    expect(of.attests).toMatchObject([{ of: bob.member, minutes: 2 }])
  })

  test('waits until the ledger was read', async () => {
    const { of, alice } = await village()
    const keeper = of.device(alice).tab()
    of.reading = { done: 1, of: 2 }
    await keeper.enter(ROOM, TITLE)
    await keeper.follow(new Joined(of, alice, []).session)
    await of.pass(MINUTE)
    expect(of.written).toEqual([])
    of.reading = undefined
    await of.pass(10)
    expect(of.written).toEqual(['Alice: room-open'])
  })

  test('is refused to who may not, who then may open one that does not count', async () => {
    const { of, alice } = await village()
    const device = of.device(alice)
    of.failing = 'not-in-standing'
    await expect(device.tab().enter(ROOM, TITLE)).rejects.toMatchObject({ code: 'not-in-standing' })
    expect(await device.stored()).toBe(0)
  })

  test.each(['other-tab', 'too-fast', 'clock-wrong', 'relay-unreachable'] as const)(
    'is not refused by %s, which passes',
    async (code) => {
      const { of, alice } = await village()
      const keeper = of.device(alice).tab()
      of.failing = code
      await keeper.enter(ROOM, TITLE)
      await keeper.follow(new Joined(of, alice, []).session)
      await of.pass(MINUTE)
      of.failing = undefined
      await of.pass(2 * MINUTE)
      expect(of.written).toEqual(['Alice: room-open'])
      expect(of.reports).toEqual([])
    },
  )

  test('of which another was faster with its id says nothing, and nobody is attested in it', async () => {
    const { of, alice, bob, book } = await village()
    await book.take(await deviceAct(bob, ROOM_OPEN, { room: ROOM, title: bytesOf('mine') }, book.at))
    of.membership.set(book.state)
    const keeper = of.device(alice).tab()
    await keeper.enter(ROOM, TITLE)
    const room = new Joined(of, alice, [bob])
    await keeper.follow(room.session)
    await of.pass(10 * MINUTE)
    room.become('ended')
    await of.pass(2 * MINUTE)
    expect(of.written).toEqual([])
    expect(of.reports).toEqual([])
  })
})

describe('STAGE-2: the end of a room of one’s own', () => {
  async function opened() {
    const scene = await village()
    const { of, alice } = scene
    const device = of.device(alice)
    const keeper = device.tab()
    await keeper.enter(ROOM, TITLE)
    const room = new Joined(of, alice, [])
    await keeper.follow(room.session)
    return { ...scene, device, keeper, room }
  }

  test('is written when it ends, once, and then nothing is stored of it', async () => {
    const { of, room, device } = await opened()
    await of.pass(MINUTE)
    room.become('ended')
    room.become('left')
    await of.pass(2 * HOUR)
    expect(of.written).toEqual(['Alice: room-open', 'Alice: room-end'])
    expect(await device.stored()).toBe(0)
  })

  test('waits where the host leaves and others go on, until the list forgets it', async () => {
    const { of, room } = await opened()
    of.announce(true)
    room.become('left')
    await of.pass(HOUR)
    expect(of.room?.end).toBeUndefined()
    of.announce(false)
    await of.pass(50)
    expect(of.room?.end).toBeUndefined()
    await of.pass(30)
    expect(of.written).toEqual(['Alice: room-open', 'Alice: room-end'])
  })

  test('is not believed of a list that is empty because the relay was away', async () => {
    const { of, room } = await opened()
    of.announce(true)
    room.become('left')
    await of.pass(MINUTE)
    of.announce(false)
    of.connected = false
    await of.pass(10 * MINUTE)
    of.connected = true
    await of.pass(20)
    of.announce(true)
    await of.pass(10 * MINUTE)
    expect(of.room?.end).toBeUndefined()
  })

  test('is at once where the host’s own word of it was heard', async () => {
    const { of, room } = await opened()
    room.become('left')
    of.over.add(ROOM)
    await of.pass(10)
    expect(of.written).toEqual(['Alice: room-open', 'Alice: room-end'])
  })

  test('comes after a crash between the two, when the device comes next', async () => {
    const { of, keeper, device } = await opened()
    await of.pass(MINUTE)
    await keeper.stop()
    await of.leap(3 * DAY)
    expect(of.room?.end).toBeUndefined()
    device.tab()
    await of.pass(2 * MINUTE)
    expect(of.written).toEqual(['Alice: room-open', 'Alice: room-end'])
    expect(await device.stored()).toBe(0)
  })

  test('is not written after a crash where others go on, or the host comes back', async () => {
    const { of, keeper, device, alice } = await opened()
    await keeper.stop()
    of.announce(true)
    const next = device.tab()
    await of.pass(5 * MINUTE)
    expect(of.room?.end).toBeUndefined()
    of.announce(false)
    const back = new Joined(of, alice, [])
    await next.follow(back.session)
    await of.pass(5 * MINUTE)
    expect(of.room?.end).toBeUndefined()
    back.become('ended')
    await of.pass(10)
    expect(of.room?.end).toBeDefined()
  })

  test('is not written by a second tab while the first is in the room, and by one of two afterwards', async () => {
    const { of, device, room, keeper } = await opened()
    device.tab()
    await of.pass(10 * MINUTE)
    expect(of.room?.end).toBeUndefined()
    // The first tab is closed without a word.
    void room
    await keeper.stop()
    device.tab()
    await of.pass(2 * MINUTE)
    expect(of.written).toEqual(['Alice: room-open', 'Alice: room-end'])
    expect(of.reports).toEqual([])
  })

  test('is tried again after a failure', async () => {
    const { of, room } = await opened()
    of.failing = 'refused'
    room.become('ended')
    await of.pass(30)
    expect(of.reports).toHaveLength(1)
    of.failing = undefined
    await of.pass(MINUTE)
    expect(of.written).toEqual(['Alice: room-open', 'Alice: room-end'])
  })
})

describe('ATTEST-3: those who were heard', () => {
  /** Bob's room, which counts, in which Alice hears Bob and Carol, and has done so for so long. */
  async function heardFor(seconds: number, isPrivate = false) {
    const scene = await village()
    const { of, alice, bob, carol, book } = scene
    bob.deviceChain = book.state.devices.get(bob.device.publicKey)?.chain ?? bob.deviceChain
    await book.take(await deviceAct(bob, ROOM_OPEN, { room: ROOM, title: bytesOf('a title') }, book.at))
    of.membership.set(book.state)
    of.announce(true)
    const device = of.device(alice)
    const keeper = device.tab()
    const room = new Joined(of, bob, [bob, carol])
    Object.assign(room.view.value, { isPrivate })
    await keeper.follow(room.session)
    await of.pass(seconds)
    return { ...scene, device, keeper, room }
  }

  test('in a private room stand nowhere, also where its host wrote it into the ledger', async () => {
    const { of, room, device } = await heardFor(25 * MINUTE, true)
    room.become('ended')
    await of.pass(HOUR)
    expect(of.written).toEqual([])
    expect(await device.stored()).toBe(0)
  })

  test('are attested when the room ends; a guest of a guest may then invite', async () => {
    const { of, book, room, alice, bob, carol, device } = await heardFor(25 * MINUTE)
    expect(of.written).toEqual([])
    expect(stateOfSlots(book, carol)).toEqual(['immature', 'immature'])
    // Still talking: she is heard to the end.
    room.become('ended')
    await of.calm()
    expect(of.attests).toEqual([
      { member: alice.member, of: bob.member, minutes: expect.any(Number) },
      { member: alice.member, of: carol.member, minutes: expect.any(Number) },
    ])
    expect(stateOfSlots(book, carol)).toEqual(['usable', 'usable'])
    await of.pass(HOUR)
    expect(of.written).toEqual(['Alice: attest', 'Alice: attest'])
    expect(await device.stored()).toBe(0)
    expect(await book.disagreement()).toBeUndefined()
  })

  test('who fell silent are heard for the two minutes that a pause lasts, and no longer', async () => {
    const { of, room } = await heardFor(60)
    room.view.set({
      ...room.view.value,
      people: room.view.value.people.map((person) => ({ ...person, speaking: false })),
    })
    await of.pass(HOUR)
    room.become('left')
    await of.calm()
    expect(of.attests).toMatchObject([{ minutes: 3 }, { minutes: 3 }])
  })

  test('are attested when their listener leaves, though the room goes on', async () => {
    const { of, room } = await heardFor(5 * MINUTE)
    room.become('left')
    await of.calm()
    expect(of.written).toEqual(['Alice: attest', 'Alice: attest'])
  })

  test('are not forgotten by a crash: the rest counts with what was stored', async () => {
    const { of, keeper, device, bob, carol } = await heardFor(4 * MINUTE)
    await keeper.stop()
    const next = device.tab()
    const again = new Joined(of, bob, [bob, carol])
    await next.follow(again.session)
    await of.pass(4 * MINUTE)
    again.become('ended')
    await of.calm()
    expect(of.attests).toMatchObject([{ minutes: 8 }, { minutes: 8 }])
  })

  test('are attested after a crash, once the room is over', async () => {
    const { of, keeper, device } = await heardFor(5 * MINUTE)
    await keeper.stop()
    device.tab()
    await of.pass(5 * MINUTE)
    expect(of.written).toEqual([])
    of.announce(false)
    await of.pass(90)
    expect(of.written).toEqual(['Alice: attest', 'Alice: attest'])
  })

  test('are not attested for the time in which the machine slept', async () => {
    const { of, room } = await heardFor(30)
    await of.leap(6 * HOUR)
    room.become('left')
    await of.calm()
    for (const { minutes } of of.attests) expect(minutes).toBeLessThanOrEqual(3)
  })

  test('are attested by one tab of two', async () => {
    const { of, device, room } = await heardFor(5 * MINUTE)
    device.tab()
    device.tab()
    room.become('ended')
    await of.pass(3 * MINUTE)
    expect(of.written).toEqual(['Alice: attest', 'Alice: attest'])
    expect(of.reports).toEqual([])
  })

  test('are attested by who may: a listener who is not mature yet waits, and has a day for it', async () => {
    const { of, book, alice, bob, carol } = await village()
    const device = of.device(carol)
    const keeper = device.tab()
    await book.take(await deviceAct(alice, ROOM_OPEN, { room: ROOM, title: bytesOf('a title') }, book.at))
    of.membership.set(book.state)
    const room = new Joined(of, alice, [alice, bob])
    await keeper.follow(room.session)
    await of.pass(5 * MINUTE)
    await book.later(5 * MINUTE).take(await deviceAct(alice, ROOM_END, { room: ROOM }, book.at))
    of.membership.set(book.state)
    room.become('ended')
    await of.pass(HOUR)
    expect(of.written).toEqual([])
    const heard = { for: carol.member, room: ROOM, minutes: 1, as: 'spoke' as const }
    await book.take(await deviceAct(alice, ATTEST, heard, book.at))
    of.membership.set(book.state)
    await of.pass(10)
    expect(of.written).toEqual(['Carol: attest', 'Carol: attest'])
  })

  test('are attested no more a day after the end, and then nothing is stored', async () => {
    const { of, book, bob, keeper, device, room } = await heardFor(5 * MINUTE)
    void room
    await keeper.stop()
    of.announce(false)
    book.later(5 * MINUTE)
    await book.take(await deviceAct(bob, ROOM_END, { room: ROOM }, book.at))
    of.membership.set(book.state)
    await of.leap(DAY + HOUR)
    device.tab()
    await of.pass(2 * MINUTE)
    expect(of.written).toEqual([])
    expect(await device.stored()).toBe(0)
  })

  test('in a room that does not count are nowhere: nothing is stored of it', async () => {
    const { of, alice, bob } = await village()
    const device = of.device(alice)
    const keeper = device.tab()
    const room = new Joined(of, alice, [bob])
    await keeper.follow(room.session)
    await of.pass(10 * MINUTE)
    expect(await device.stored()).toBe(0)
    room.become('ended')
    await of.pass(MINUTE)
    expect(of.written).toEqual([])
  })
})
