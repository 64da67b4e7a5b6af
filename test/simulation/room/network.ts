import type { SignedOperation } from '../../../protocol/room/operation.ts'
import type { Dice } from '../../independent/dice.ts'

/** What a road does to what is sent over it. Parts of a hundred, and ticks. */
export interface Weather {
  readonly loss: number
  readonly duplication: number
  readonly delay: number
}

/** Roads between peers under a virtual clock. What is sent at one tick arrives at a later one, in any order, twice, or not at all. */
export interface Network {
  /** From when until when peers are parted, and the side that each is on. */
  readonly parting: { readonly from: number; readonly until: number; readonly sides: readonly number[] }
  send(from: number, to: number, signed: SignedOperation, now: number): void
  /** What arrives at a tick. */
  arrivals(now: number): readonly Arrival[]
}

export interface Arrival {
  readonly to: number
  readonly signed: SignedOperation
}

const NOTHING: readonly Arrival[] = []

export function createNetwork(chance: Dice, peers: number, ticks: number, weather: Weather): Network {
  const due: (Arrival[] | undefined)[] = []
  const from = chance.below(ticks)
  const parting = {
    from,
    until: from + chance.below(ticks),
    sides: Array.from({ length: peers }, () => chance.below(3)),
  }
  function put(to: number, signed: SignedOperation, at: number): void {
    const others = due[at]
    if (others === undefined) due[at] = [{ to, signed }]
    else others.push({ to, signed })
  }
  return {
    parting,
    send(sender, to, signed, now) {
      if (isParted(parting, sender, to, now) || chance.below(100) < weather.loss) return
      put(to, signed, now + 1 + chance.below(weather.delay))
      if (chance.below(100) < weather.duplication) put(to, signed, now + 1 + chance.below(2 * weather.delay))
    },
    arrivals: (now) => due[now] ?? NOTHING,
  }
}

export function isParted(
  { from, until, sides }: Network['parting'],
  a: number,
  b: number,
  now: number,
): boolean {
  return now >= from && now < until && sides[a] !== sides[b]
}
