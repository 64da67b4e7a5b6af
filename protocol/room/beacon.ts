import type { Envelope, PayloadType } from '../envelope.ts'
import type { KeyText, MemberId, RoomId } from '../ids.ts'
import { BEACON_EXPIRY } from '../limits.ts'
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

/** The newest beacon of each session, with the receiver's time at which it came, in seconds. */
export type Beacons = ReadonlyMap<KeyText, { readonly beacon: Beacon; readonly received: number }>

/** Takes a beacon in. The same map comes back when it is not newer than what is known, which is how a replay ends. */
export function mergeBeacon(beacons: Beacons, { payload }: Envelope<Beacon>, received: number): Beacons {
  const known = beacons.get(payload.peer)
  if (known && known.beacon.seq >= payload.seq) return beacons
  return new Map(beacons).set(payload.peer, { beacon: payload, received })
}

/** Those who are here at a time in seconds. Who said goodbye or fell silent is not; what they sent last is still known, so it cannot be replayed. */
export function present(beacons: Beacons, now: number): readonly Beacon[] {
  const here: Beacon[] = []
  for (const { beacon, received } of beacons.values()) {
    if (beacon.here && now - received <= BEACON_EXPIRY) here.push(beacon)
  }
  return here
}
