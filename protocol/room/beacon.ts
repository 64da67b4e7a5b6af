import type { Envelope, PayloadType } from '../envelope.ts'
import type { MemberId, RoomId } from '../ids.ts'
import { BEACON_EXPIRY, MAX_CLOCK_SKEW, MAX_SESSIONS_OF_A_MEMBER } from '../limits.ts'
import { flag, id, key, map, oneOf, type Read, uint } from '../schema.ts'
import { seconds } from '../time.ts'

/**
 * `beacon` (SPEC §7.5), signed by a device: what fades by itself. The newest wins for each session, by `seq` (milliseconds of the sender's
 * clock, strictly rising); it expires on the *receiver's* clock. `here` false is a goodbye. `hand`: when it was raised, 0 when down.
 * `mic`: `none` in the audience, `muted` or `open` on the stage.
 */
export const BEACON = {
  type: 'beacon',
  fields: map({
    r: id<RoomId>(),
    m: id<MemberId>(),
    peer: key,
    seq: uint(),
    here: flag,
    hand: seconds,
    mic: oneOf('none', 'muted', 'open'),
    speak: flag,
  }),
} satisfies PayloadType<unknown>

export type Beacon = Read<typeof BEACON.fields>

/** A beacon, and the receiver's time at which it came, in seconds since the Unix epoch. */
export interface Heard {
  readonly beacon: Beacon
  readonly received: number
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
  const merged = new Map(beacons).set(session, { beacon: payload, received })
  if (!known) forgetSurplus(merged, payload.m)
  return merged
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
