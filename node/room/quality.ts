import type { Traffic } from '../ports/traffic.ts'

/** How good a road is now, in numbers; what they mean in words is for whoever shows them. */
export interface Quality {
  /** There and back, in whole milliseconds; undefined where the platform does not measure it. */
  readonly roundTrip: number | undefined
  /** How unevenly packets come, in whole milliseconds; undefined before anything came. */
  readonly jitter: number | undefined
  /** Share of the packets of late that did not come, 0 to 1, in thousandths; undefined while none are sent. */
  readonly lost: number | undefined
}

/** Packets of a second of speech: of fewer a late one would look like a bad road. */
const ENOUGH = 50

/** Makes of what the platform counts from the beginning what it is now. */
export class QualityMeter<K> {
  /** The reading from which the losses of each road are counted. */
  readonly #since = new Map<K, Traffic>()
  readonly #lost = new Map<K, number>()

  /** @param readings of all roads that stand; of any other nothing is remembered */
  read(readings: ReadonlyMap<K, Traffic>): ReadonlyMap<K, Quality> {
    for (const known of [this.#since, this.#lost])
      for (const road of known.keys()) if (!readings.has(road)) known.delete(road)
    return new Map([...readings].map(([road, reading]) => [road, this.#judge(road, reading)]))
  }

  #judge(road: K, reading: Traffic): Quality {
    const since = this.#since.get(road)
    const received = reading.received - (since?.received ?? 0)
    const lost = Math.max(0, reading.lost - (since?.lost ?? 0))
    // A link that was made anew counts from the beginning.
    if (since === undefined || received < 0) this.#since.set(road, reading)
    else if (received + lost >= ENOUGH) {
      this.#since.set(road, reading)
      this.#lost.set(road, Math.round((1000 * lost) / (received + lost)) / 1000)
    } else if (received + lost === 0) this.#lost.delete(road)
    const { roundTrip, jitter } = reading
    return { roundTrip: whole(roundTrip), jitter: whole(jitter), lost: this.#lost.get(road) }
  }
}

export function sameQuality(a: Quality | undefined, b: Quality | undefined): boolean {
  return a?.roundTrip === b?.roundTrip && a?.jitter === b?.jitter && a?.lost === b?.lost
}

function whole(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds)
}
