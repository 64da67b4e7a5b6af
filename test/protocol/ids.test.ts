import { describe, expect, it } from 'vitest'
import { compareBytes } from '../../protocol/bytes.ts'
import { compareTexts, ID_BYTES, idOf } from '../../protocol/ids.ts'
import { dice } from '../independent/dice.ts'

describe('the order of ids', () => {
  it('is that of their bytes, wherever two of them first differ', () => {
    const chance = dice(7)
    for (let place = 0; place < ID_BYTES; place++) {
      for (let bit = 0; bit < 8; bit++) {
        const one = chance.bytes(ID_BYTES)
        const other = one.slice()
        other[place] = (other[place] as number) ^ (1 << bit)
        // What comes after it counts for nothing.
        other.set(chance.bytes(ID_BYTES - place - 1), place + 1)
        const order = Math.sign(compareBytes(one, other))
        expect(Math.sign(compareTexts(idOf(one), idOf(other)))).toBe(order)
        expect(Math.sign(compareTexts(idOf(other), idOf(one)))).toBe(-order)
        expect(compareTexts(idOf(one), idOf(one.slice()))).toBe(0)
      }
    }
  })
})
