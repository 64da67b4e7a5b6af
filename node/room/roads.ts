import type { MemberId } from '../../protocol/ids.ts'
import type { Mesh } from '../mesh/mesh.ts'
import type { PeerIdString } from '../network/network.ts'
import { type Observable, Observed } from '../observed.ts'
import type { Clock } from '../ports/clock.ts'
import type { Carriage } from './carriage.ts'
import { type Quality, QualityMeter, sameQuality } from './quality.ts'

/** How often it is looked at: that a browser counts it is not for nothing. Milliseconds. */
const LOOK_MS = 5_000

/** How good the roads are over which a room's voices come. */
export interface Roads {
  /** To each member who is linked directly: the best of their sessions'. */
  readonly members: ReadonlyMap<MemberId, Quality>
  /** To the relay that carries the room's voices, while one does. */
  readonly relay: Quality | undefined
}

export interface RoadWatch {
  readonly roads: Observable<Roads>
  stop(): void
}

/** Looks at the roads of a room until it is stopped. */
export function watchRoads(
  mesh: Pick<Mesh, 'links' | 'traffic'>,
  carriage: Pick<Carriage, 'traffic'>,
  clock: Clock,
  report: (where: string, error: unknown) => void,
): RoadWatch {
  const roads = new Observed<Roads>({ members: new Map(), relay: undefined })
  const links = new QualityMeter<PeerIdString>()
  const carrier = new QualityMeter<'relay'>()
  let isLooking = false

  async function look(): Promise<void> {
    const [direct, carried] = await Promise.all([mesh.traffic(), carriage.traffic()])
    const judged = links.read(direct)
    const relay = carrier.read(new Map(carried && [['relay', carried]])).get('relay')
    const members = new Map<MemberId, Quality>()
    for (const { peer, member } of mesh.links.value) {
      const quality = judged.get(peer)
      if (quality !== undefined && saysMore(quality, members.get(member))) members.set(member, quality)
    }
    const before = roads.value
    const isSame =
      sameQuality(before.relay, relay) &&
      before.members.size === members.size &&
      [...members].every(([member, quality]) => sameQuality(before.members.get(member), quality))
    if (!isSame) roads.set({ members, relay })
  }

  const stop = clock.every(LOOK_MS, () => {
    if (isLooking) return
    isLooking = true
    look()
      .catch((error: unknown) => report('how good the links are', error))
      .finally(() => {
        isLooking = false
      })
  })
  return { roads, stop }
}

/** Of two sessions of one member nothing may come from one. */
function saysMore(quality: Quality, than: Quality | undefined): boolean {
  return than === undefined || (than.lost === undefined && quality.lost !== undefined)
}
