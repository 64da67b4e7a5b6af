import type { MemberId } from '../../protocol/ids.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Crew } from './crew.ts'
import { HELD_FILLED, HELD_LOAD, MAX_HELD, MAX_HELD_OF_A_MEMBER } from './limits.ts'

/** The links that are held for rooms that nobody has named yet, and whether there is a place for another (FANOUT-6). */
export class HeldLinks {
  readonly #crew: Pick<Crew, 'load' | 'joining' | 'filled'>
  readonly #ofMember = new Map<MemberId, number>()
  #count = 0

  constructor(crew: Pick<Crew, 'load' | 'joining' | 'filled'>) {
    this.#crew = crew
  }

  /** @returns what gives the place back, once; or why there is none */
  take(member: MemberId): Result<() => void, 'rate-limited' | 'relay-full'> {
    const own = this.#ofMember.get(member) ?? 0
    if (own >= MAX_HELD_OF_A_MEMBER) return bad('rate-limited')
    const { load, joining, filled } = this.#crew
    const isBusy = load >= HELD_LOAD || joining >= HELD_LOAD
    if (this.#count >= MAX_HELD || isBusy || filled >= HELD_FILLED) return bad('relay-full')
    this.#ofMember.set(member, own + 1)
    this.#count += 1
    return good(() => this.#give(member))
  }

  #give(member: MemberId): void {
    const own = (this.#ofMember.get(member) ?? 1) - 1
    if (own === 0) this.#ofMember.delete(member)
    else this.#ofMember.set(member, own)
    this.#count -= 1
  }
}
