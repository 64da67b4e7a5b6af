import type { Envelope, PayloadType } from '../envelope.ts'
import type { MemberId, RoomId } from '../ids.ts'
import { BEACON_EXPIRY, MAX_CLOCK_SKEW, MAX_LACKED, MAX_SESSIONS_OF_A_MEMBER } from '../limits.ts'
import { flag, id, key, list, map, oneOf, type Read, uint, yes } from '../schema.ts'
import { seconds } from '../time.ts'
import { mergeReaction, REACTION, type Reaction } from './reaction.ts'

/**
 * `beacon` (SPEC §7.5), signed by a device: what fades by itself. The newest wins for each session, by `seq` (milliseconds of the sender's
 * clock, strictly rising); it expires on the *receiver's* clock. `here` false is a goodbye. `hand`: when it was raised, 0 when down.
 * `mic`: `none` in the audience, `muted` or `open` on the stage. `react`: a reaction that has not faded. `relay`: the session key of the relay over which it hears the room, and is heard when it is on the stage.
 * `hides`: nobody connects to it directly. `lacks`: sessions whose voices do not come to it over that relay.
 */
export const BEACON = {
  type: 'beacon',
  fields: map(
    {
      r: id<RoomId>(),
      m: id<MemberId>(),
      peer: key,
      seq: uint(),
      here: flag,
      hand: seconds,
      mic: oneOf('none', 'muted', 'open'),
      speak: flag,
    },
    { react: REACTION, relay: key, hides: yes, lacks: list(key, MAX_LACKED, 1) },
  ),
} satisfies PayloadType<unknown>

export type Beacon = Read<typeof BEACON.fields>

/** A beacon, and the receiver's time at which it came, in seconds since the Unix epoch. */
export interface Heard {
  /** As it was signed, but for `hand`, which is what counts (BEACON-9). */
  readonly beacon: Beacon
  /** What it says of `hand`. */
  readonly claimed: number
  /** When the session last said that its hand is down, in seconds of its clock; 0 when it never did. */
  readonly down: number
  readonly received: number
  /** The last reaction of the session. */
  readonly reaction: Reaction | undefined
}

/** Which session a beacon speaks for: by member **and** session key, because a beacon may name any session, and one that a member signs must never displace another member's. */
export type SessionName = string & { readonly __kind: 'session' }

export function sessionName({ m, peer }: Pick<Beacon, 'm' | 'peer'>): SessionName {
  return `${m}/${peer}` as SessionName
}

/** The newest beacon of each session. */
export type Beacons = ReadonlyMap<SessionName, Heard>

/**
 * Takes a beacon in. The same map comes back when it changes nothing: it is not newer than what is known, or its `seq` is further from the
 * receiver's clock than clocks may differ, which is how a replay ends. @param received seconds since the Unix epoch
 */
export function mergeBeacon(beacons: Beacons, { payload }: Envelope<Beacon>, received: number): Beacons {
  if (Math.abs(payload.seq - received * 1000) > MAX_CLOCK_SKEW * 1000) return beacons
  const session = sessionName(payload)
  const known = beacons.get(session)
  if (known && known.beacon.seq >= payload.seq) return beacons
  const reaction = mergeReaction(known?.reaction, payload, known !== undefined, received)
  const said = Math.floor(payload.seq / 1000)
  const merged = new Map(beacons).set(session, {
    beacon: { ...payload, hand: countedFrom(beacons, known, payload, said) },
    claimed: payload.hand,
    down: payload.hand === 0 ? said : (known?.down ?? 0),
    received,
    reaction,
  })
  if (!known) forgetSurplus(merged, payload.m)
  return merged
}

/** BEACON-9: nobody was waiting while they said themselves that their hand is down, or will have been. */
function countedFrom(beacons: Beacons, known: Heard | undefined, { m, hand }: Beacon, said: number): number {
  if (hand === 0) return 0
  if (known?.claimed === hand) return known.beacon.hand
  let down = 0
  for (const heard of beacons.values()) if (heard.beacon.m === m) down = Math.max(down, heard.down)
  return Math.min(Math.max(hand, down), said)
}

/** Of a member with too many sessions, those that beat longest ago are forgotten. */
function forgetSurplus(beacons: Map<SessionName, Heard>, member: MemberId): void {
  const sessions = [...beacons].filter(([, { beacon }]) => beacon.m === member)
  sessions.sort(([, a], [, b]) => b.beacon.seq - a.beacon.seq)
  for (const [session] of sessions.slice(MAX_SESSIONS_OF_A_MEMBER)) beacons.delete(session)
}

/** Those who are here at a time in seconds. Who said goodbye or fell silent is not; what they sent last is still known, so it cannot be replayed. */
export function present(beacons: Beacons, now: number): readonly Beacon[] {
  const here: Beacon[] = []
  for (const { beacon, received } of beacons.values()) {
    if (beacon.here && now - received <= BEACON_EXPIRY) here.push(beacon)
  }
  return here
}
