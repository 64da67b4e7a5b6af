import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { CommunityId, KeyText, MemberId, RoomId } from '../../protocol/ids.ts'
import { BEACON_BEAT, MAX_CLOCK_SKEW, REACTION_EVERY, REACTION_LIFE } from '../../protocol/limits.ts'
import {
  BEACON,
  type Beacon,
  type Beacons,
  mergeBeacon,
  present,
  type SessionName,
  sessionName,
} from '../../protocol/room/beacon.ts'
import { isShown, type Reaction, type ReactionKind } from '../../protocol/room/reaction.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Me } from '../presence.ts'

/** Changes of one session within this many milliseconds go out as one beacon: a talker's level flickers. */
const GATHER = 150
/** Who is still here is linked again, or heard of over others, within so many seconds after a link broke. */
const LINK_GRACE = 3
/** Sessions known in one room at most; a relay's fan-out, not this list, is for thousands. */
const MAX_SESSIONS = 2_000
/** Who was heard of last so long ago may be forgotten: what they sent is by now too old to be played back (BEACON-3). Seconds. */
const REMEMBERED = 2 * MAX_CLOCK_SKEW

/** Who is in a room, and what they show: everybody's beacons, and our own. */
export interface Attendance {
  /** What we show ourselves. */
  readonly own: Beacon
  readonly beacons: Beacons
  /** The newest beacon of every other session that is here. */
  here(): readonly Beacon[]
  /** No session more can be taken in: who is not in the list may be here all the same. */
  isFull(): boolean
  /** Whether the last that a member said in any session was goodbye; undefined for one of whom nothing is known. */
  saidGoodbye(member: MemberId): boolean | undefined
  /** The direct link to a session broke, or is there: who closes a tab is gone at once, not after the expiry of their last beacon. */
  linked(session: KeyText, linked: boolean): void
  /** The bytes of the newest beacon of everybody here, our own first. */
  alive(): readonly Uint8Array[]
  /** The same of these alone, which are here. */
  aliveOf(beacons: readonly Beacon[]): readonly Uint8Array[]
  /** Takes a verified beacon in; true when it was news. */
  take(envelope: Envelope<Beacon>): boolean
  /** Changes what we show, and tells everybody. */
  show(change: Partial<Pick<Beacon, 'hand' | 'mic' | 'speak'>>): void
  /** The same of the relay that carries our voices, or none, and whose do not come over it. */
  showRelay(relay: KeyText | undefined, lacks: readonly KeyText[]): void
  /** The reaction that each member shows now, the newest of their sessions; ours among them. */
  reactions(): ReadonlyMap<MemberId, ReactionKind>
  /** Shows a reaction until it fades; one that comes too soon after another is left out. */
  react(kind: ReactionKind): void
  /** Tells everybody again, for somebody who just came. */
  repeat(): void
  /** Says goodbye and stops. */
  leave(): Promise<void>
}

/** @param hides whether this session hides its address */
export function createAttendance(
  me: Me,
  community: CommunityId,
  room: RoomId,
  clock: Clock,
  publish: (bytes: Uint8Array) => Promise<void>,
  hides = false,
): Attendance {
  let own: Beacon = {
    r: room,
    m: me.member,
    peer: me.session.publicKey,
    seq: 0,
    here: true,
    hand: 0,
    mic: 'none',
    speak: false,
    ...(hides ? { hides } : {}),
  }
  let ownBytes: Uint8Array | undefined
  let beacons: Beacons = new Map()
  const bytes = new Map<SessionName, Uint8Array>()
  /** When the link to a session broke, in seconds. */
  const lost = new Map<KeyText, number>()
  let gathering: (() => void) | undefined
  /** Our own last reaction. */
  let reaction: Reaction | undefined

  function here(): readonly Beacon[] {
    const now = second(clock)
    return present(beacons, now).filter((beacon) => {
      const since = lost.get(beacon.peer)
      if (since === undefined || now - since < LINK_GRACE) return true
      const heard = beacons.get(sessionName(beacon))
      return heard !== undefined && heard.received > since
    })
  }

  function aliveOf(some: readonly Beacon[]): readonly Uint8Array[] {
    return some.flatMap((beacon) => bytes.get(sessionName(beacon)) ?? [])
  }

  /** Sessions come and go; the room stays open. */
  function forgetGone(): void {
    const now = second(clock)
    beacons = new Map([...beacons].filter(([, { received }]) => now - received <= REMEMBERED))
    for (const known of bytes.keys()) if (!beacons.has(known)) bytes.delete(known)
    for (const [session, since] of lost) if (now - since > REMEMBERED) lost.delete(session)
  }

  async function send(): Promise<void> {
    own = { ...own, seq: Math.max(clock.now(), own.seq + 1) }
    const shown = reaction && own.seq - reaction.at <= REACTION_LIFE * 1000 ? reaction : undefined
    const beacon = shown ? { ...own, react: { k: shown.kind, ago: own.seq - shown.at } } : own
    const sealed = await seal(BEACON, community, beacon, [me.device])
    ownBytes = sealed.bytes
    await publish(sealed.bytes)
  }

  function soon(): void {
    gathering ??= clock.after(GATHER, () => {
      gathering = undefined
      void send()
    })
  }

  const beat = clock.every(BEACON_BEAT * 1000, () => void send())
  void send()

  return {
    get own() {
      return own
    },
    get beacons() {
      return beacons
    },
    here,
    isFull: () => beacons.size >= MAX_SESSIONS,
    saidGoodbye(member) {
      const sessions = [...beacons.values()].filter(({ beacon }) => beacon.m === member)
      return sessions.length === 0 ? undefined : !sessions.some(({ beacon }) => beacon.here)
    },
    linked(session, linked) {
      if (linked) lost.delete(session)
      else lost.set(session, second(clock))
    },
    aliveOf,
    alive() {
      const others = aliveOf(here())
      return ownBytes === undefined ? others : [ownBytes, ...others]
    },
    take(envelope) {
      if (envelope.payload.peer === me.session.publicKey) return false
      const session = sessionName(envelope.payload)
      if (!beacons.has(session) && beacons.size >= MAX_SESSIONS) {
        forgetGone()
        if (beacons.size >= MAX_SESSIONS) return false
      }
      const merged = mergeBeacon(beacons, envelope, second(clock))
      if (merged === beacons) return false
      beacons = merged
      bytes.set(session, envelope.bytes)
      if (bytes.size > beacons.size)
        for (const known of bytes.keys()) if (!beacons.has(known)) bytes.delete(known)
      return true
    },
    show(change) {
      const next = { ...own, ...change }
      if (next.hand === own.hand && next.mic === own.mic && next.speak === own.speak) return
      own = next
      soon()
    },
    showRelay(relay, lacks) {
      if (relay === own.relay && String(lacks) === String(own.lacks ?? [])) return
      const { relay: _relay, lacks: _lacks, ...rest } = own
      own = {
        ...rest,
        ...(relay === undefined ? {} : { relay }),
        ...(lacks.length === 0 ? {} : { lacks }),
      }
      soon()
    },
    reactions() {
      const now = second(clock)
      const known = [...beacons.values()].map(({ beacon: { m }, reaction }) => ({ m, reaction }))
      const shown = [...known, { m: me.member, reaction }].filter(
        (one): one is { m: MemberId; reaction: Reaction } =>
          one.reaction !== undefined && isShown(one.reaction, now),
      )
      // Who comes later in the list overwrites: the newest.
      shown.sort((a, b) => a.reaction.received - b.reaction.received)
      return new Map(shown.map(({ m, reaction: { kind } }) => [m, kind]))
    },
    react(kind) {
      const at = clock.now()
      if (reaction && at - reaction.at < REACTION_EVERY * 1000) return
      reaction = { kind, at, received: second(clock) }
      soon()
    },
    repeat: soon,
    async leave() {
      beat()
      gathering?.()
      own = { ...own, here: false, hand: 0, mic: 'none', speak: false }
      await send()
    },
  }
}
