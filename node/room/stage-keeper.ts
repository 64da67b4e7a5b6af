import { ATTEST } from '../../protocol/community/attest.ts'
import type { Chain, LedgerState } from '../../protocol/community/membership.ts'
import { isMature } from '../../protocol/community/slots.ts'
import { commitTitle, ROOM_END, ROOM_OPEN } from '../../protocol/community/stage-room.ts'
import type { PayloadType } from '../../protocol/envelope.ts'
import type { CommunityId, MemberId, RoomId } from '../../protocol/ids.ts'
import { DAY } from '../../protocol/limits.ts'
import type { Acting } from '../community/acting.ts'
import { chainOfDevice, type Placed, sealAct } from '../community/acts.ts'
import { PeerError, type PeerErrorCode } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Locks } from '../ports/locks.ts'
import type { Storage } from '../ports/storage.ts'
import type { Me } from '../presence.ts'
import type { RoomSession, RoomView } from '../view.ts'
import type { Directory } from './directory.ts'
import { type HearingTime, hearFor } from './hearing-time.ts'
import { isOpenIn, owedAttests } from './stage-statements.ts'

/** How often the hearing time is added up and stored, and what is due looked for: what a crash can cost of it. Milliseconds. */
const TICK = 10_000
/** A timer of a page in the background comes once a minute; what is longer, the machine slept. Milliseconds. */
const LONGEST_STRETCH = 90_000
/** A room that nobody announced for so long, while the relay was there, is over: twice what a list keeps a silent one. Milliseconds. */
const SILENT = 60_000
/** After a failure nothing is written for so long. Milliseconds. */
const RETRY = 60_000
/** A room of which nothing more came is forgotten after so long. Seconds. */
const KEPT = 7 * DAY

/** Failures that time mends: what is due is written later. */
const PASSING: readonly PeerErrorCode[] = ['relay-unreachable', 'other-tab', 'too-fast', 'clock-wrong']

/**
 * What this device owes the ledger for the rooms that it was in: the opening and the end of a room of one's own whose stage counts, and attests of
 * those who were heard on a stage that counts (SPEC §6.9). What it measures is stored, so that a reload or a crash takes nothing away: whatever is
 * due then is written when the device comes next.
 */
export interface StageKeeper {
  /**
   * Enters a room of one's own into the ledger, before anybody else knows its id. Resolves also where that must wait for the relay.
   * @throws PeerError when the ledger refuses it, or this device cannot store
   */
  enter(room: RoomId, title: string): Promise<void>
  /** Measures who is heard in a room that was just joined, until it is over or left. Nobody in a private one. */
  follow(session: RoomSession): Promise<void>
  /** Writes what is due and can be written now. Never fails: what did not work is tried again later. */
  settle(): Promise<void>
  /** Resolves when nothing is written any more. Safe to call twice. */
  stop(): Promise<void>
}

export interface StageKeeperParts {
  readonly me: Pick<Me, 'member' | 'device'>
  readonly community: CommunityId
  readonly ledger: Ledger
  readonly acting: Acting
  readonly storage: Storage
  readonly locks: Locks
  readonly clock: Clock
  readonly directory: Directory
  readonly connected: () => boolean
  readonly report: (where: string, error: unknown) => void
}

/** What is stored of a room. */
interface Kept {
  readonly host: MemberId
  /** When this device first heard of it. Seconds. */
  readonly since: number
  /** Of a room of one's own that shall count: its title, as its opening has it. */
  readonly title?: string
  /** The person left it: nothing is waited for. */
  readonly left: boolean
  readonly heard: readonly (readonly [MemberId, number])[]
}

/** A room that this tab is in, or was a moment ago. */
interface Followed {
  readonly session: RoomSession
  /** As it was a moment ago. */
  view: RoomView
  readonly kept: Omit<Kept, 'left' | 'heard'>
  heard: HearingTime
  /** When each was last heard. */
  readonly lastHeard: Map<MemberId, number>
  /** Up to here the hearing time is added up. */
  at: number
  /** Of the lock that tells other tabs to leave the room to this one; undefined while one of them is busy with it. */
  release: (() => void) | undefined
  unsubscribe: () => void
}

export function openStageKeeper(parts: StageKeeperParts): StageKeeper {
  const { me, community, ledger, acting, storage, locks, clock, directory, connected, report } = parts
  const prefix = `stage/${community}/`
  const followed = new Map<RoomId, Followed>()
  /** Since when a room of which something is stored is in no list, while the relay is there. */
  const silentSince = new Map<RoomId, number>()
  let notBefore = 0
  let stopped = false

  const state = () => ledger.membership.value
  const keptOf = async (room: RoomId) => (await storage.get(prefix + room)) as Kept | undefined

  // --- what is heard ---------------------------------------------------------------------------

  function listen(one: Followed): void {
    const now = clock.now()
    const stretch = Math.min(Math.max(now - one.at, 0), LONGEST_STRETCH)
    one.heard = hearFor(one.heard, one.view, one.lastHeard, now, stretch)
    one.at = now
    const { status } = one.view
    one.view = one.session.view.value
    for (const { member, me: isMe, speaking } of one.view.people)
      if (speaking && !isMe) one.lastHeard.set(member, now)
    if (one.view.status !== status && (isOver(one) || isLeft(one))) void settle()
  }

  /** Stores what a followed room has so far: nothing of one whose stage does not count. */
  async function keep(room: RoomId, one: Followed): Promise<void> {
    one.release ??= await locks.take(lockOf(room))
    if (one.kept.title === undefined && one.heard.size === 0) return
    const kept: Kept = { ...one.kept, left: isLeft(one), heard: [...one.heard] }
    await storage.put(prefix + room, kept)
  }

  function drop(room: RoomId): void {
    const one = followed.get(room)
    followed.delete(room)
    one?.unsubscribe()
    one?.release?.()
  }

  // --- what is due -------------------------------------------------------------------------------

  /** Makes the next statement of this device. @param say undefined where the newest ledger wants it no more */
  async function write<T>(
    kind: PayloadType<T>,
    say: (state: LedgerState, place: Placed) => T | undefined,
  ): Promise<void> {
    const { device, member } = me
    const sayIt = (newest: LedgerState) => (place: Placed) => {
      const said = say(newest, place)
      if (said === undefined) throw new PeerError('already-done')
      return said
    }
    try {
      const make = (newest: LedgerState, chain: Chain) =>
        sealAct(newest, kind, sayIt(newest), member, chain, [device], second(clock))
      await acting.next(device.publicKey, chainOfDevice(device.publicKey), make, true)
    } catch (error) {
      if (!(error instanceof PeerError && error.code === 'already-done')) throw error
    }
  }

  const writeOpening = (room: RoomId, title: string) =>
    write(ROOM_OPEN, ({ rooms }, place) =>
      rooms.has(room) ? undefined : { ...place, room, title: commitTitle(room, title) },
    )

  const owedFor = (ledgerState: LedgerState, room: RoomId, { host, heard }: Kept) =>
    owedAttests(ledgerState, me.member, room, host, new Map(heard), Math.max(ledgerState.time, second(clock)))

  function isMatureNow(ledgerState: LedgerState): boolean {
    const actor = ledgerState.members.get(me.member)
    return actor !== undefined && isMature(ledgerState, actor, Math.max(ledgerState.time, second(clock)))
  }

  /** Whether a room that this tab is not in goes on as far as anybody can tell. */
  function goesOn(room: RoomId): boolean {
    if (directory.isOver(room)) return false
    const since = silentSince.get(room)
    return since === undefined || clock.now() - since < SILENT
  }

  function watchList(rooms: readonly RoomId[]): void {
    const listed = new Set(directory.rooms.value.map(({ id }) => id))
    for (const room of rooms) {
      if (!connected() || listed.has(room)) silentSince.delete(room)
      else if (!silentSince.has(room)) silentSince.set(room, clock.now())
    }
  }

  /** @param here this tab is in it, and nobody has ended it */
  async function settleRoom(room: RoomId, kept: Kept, here: boolean): Promise<void> {
    if (here) {
      if (kept.title !== undefined && !state().rooms.has(room)) await writeOpening(room, kept.title)
      return
    }
    const one = followed.get(room)
    const over = (one !== undefined && isOver(one)) || !goesOn(room)
    if (over && isOpen(state(), room, kept))
      await write(ROOM_END, (newest, place) => (isOpen(newest, room, kept) ? { ...place, room } : undefined))
    if (!over && !kept.left) return
    for (const { for: member } of owedFor(state(), room, kept)) {
      if (!isMatureNow(state())) break
      await write(ATTEST, (newest, place) => {
        const owed = owedFor(newest, room, kept).find((each) => each.for === member)
        return owed && { ...place, ...owed }
      })
    }
    const owes = owedFor(state(), room, kept).length > 0 && second(clock) - kept.since <= KEPT
    if (owes || isOpen(state(), room, kept)) return
    await storage.delete(prefix + room)
    silentSince.delete(room)
    // The person may have come back to it meanwhile.
    if (followed.get(room) === one) drop(room)
  }

  /** A room of one's own that has no end in the ledger. */
  const isOpen = (ledgerState: LedgerState, room: RoomId, { host }: Kept) =>
    host === me.member && isOpenIn(ledgerState, room, host)

  /** Settles a room that no other tab is in, or settles. */
  async function settleAlone(room: RoomId): Promise<void> {
    const one = followed.get(room)
    const release = one === undefined ? await locks.take(lockOf(room)) : one.release && (() => {})
    if (!release) return
    try {
      const kept = await keptOf(room)
      if (kept) await settleRoom(room, kept, one !== undefined && !isOver(one) && !isLeft(one))
    } finally {
      release()
    }
  }

  async function settleAll(): Promise<void> {
    for (const [room, one] of followed) {
      listen(one)
      await keep(room, one)
      if (isLeft(one)) drop(room)
    }
    const rooms = (await storage.list(prefix)).map(([key]) => key.slice(prefix.length) as RoomId)
    watchList(rooms)
    if (!connected() || ledger.reading.value !== undefined || clock.now() < notBefore) return
    for (const room of rooms) await settleAlone(room)
  }

  let settling: Promise<void> | undefined
  let again = false
  /** One at a time; who asks meanwhile has it done once more. */
  function settle(): Promise<void> {
    if (settling) {
      again = true
      return settling
    }
    settling = settleAll()
      .catch((error: unknown) => {
        notBefore = clock.now() + RETRY
        if (!isPassing(error)) report('stage', error)
      })
      .then(() => {
        settling = undefined
        if (!again || stopped) return
        again = false
        return settle()
      })
    return settling
  }

  const cancel = clock.every(TICK, () => void settle())

  return {
    async enter(room, title) {
      const kept: Kept = { host: me.member, since: second(clock), title, left: false, heard: [] }
      await storage.put(prefix + room, kept)
      if (!connected() || ledger.reading.value !== undefined) return
      try {
        await writeOpening(room, title)
      } catch (error) {
        if (isPassing(error)) return
        await storage.delete(prefix + room)
        throw error
      }
    },
    async follow(session) {
      const view = session.view.value
      // Its host could enter it into the ledger all the same, and all who were heard in it would stand there (ATTEST-3).
      if (view.isPrivate) return
      const { id, host } = view
      const before = followed.get(id)
      const stored = await keptOf(id)
      drop(id)
      const one: Followed = {
        session,
        view,
        kept: before?.kept ?? stored ?? { host, since: second(clock) },
        heard: before?.heard ?? new Map(stored?.heard),
        lastHeard: new Map(),
        at: clock.now(),
        release: undefined,
        unsubscribe: session.view.subscribe(() => listen(one)),
      }
      followed.set(id, one)
      listen(one)
      await keep(id, one)
    },
    settle,
    async stop() {
      stopped = true
      cancel()
      await settling
      for (const room of [...followed.keys()]) drop(room)
    },
  }
}

const lockOf = (room: RoomId) => `palabre/stage/${room}`
const isOver = (one: Followed) => one.session.view.value.status === 'ended'
const isLeft = (one: Followed) => one.session.view.value.status === 'left'

function isPassing(error: unknown): boolean {
  return error instanceof PeerError && PASSING.includes(error.code)
}
