import { Point } from '@noble/ed25519'
import { describe, expect, test, vi } from 'vitest'
import { batchEngine } from '../../../../node/crypto/edwards/batch.ts'
import { type KeyText, keyText } from '../../../../protocol/ids.ts'
import {
  createBatchVerifier,
  type Signed,
  type Signer,
  signerFromSeed,
} from '../../../../protocol/signature.ts'

const engine = await batchEngine()
const verifier = createBatchVerifier(engine)

const signers: readonly Signer[] = Array.from({ length: 40 }, (_, i) =>
  signerFromSeed(new Uint8Array(32).fill(i + 1)),
)

async function signed(count: number, by = signers): Promise<readonly Signed[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const signer = by[i % by.length] as Signer
      const message = Uint8Array.of(i, i >> 8, ...new Uint8Array(i % 150))
      return { signature: await signer.sign(message), message, publicKey: signer.publicKey }
    }),
  )
}

const many = await signed(130)
const holds = { ok: true, value: true }
const wrong = { ok: false, reason: 'signature-wrong' }

/** S one more or less: the equation is off by B, or by -B. */
function shifted({ signature, ...rest }: Signed, by: bigint): Signed {
  const order = Point.CURVE().n
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`)
  const moved = ((s + by + order) % order).toString(16).padStart(64, '0')
  return {
    ...rest,
    signature: Uint8Array.of(...signature.subarray(0, 32), ...Buffer.from(moved, 'hex').reverse()),
  }
}

describe('SIG-4 a batch', () => {
  test.each([0, 1, 2, 3, 7, 8, 9, 20, 33, 64, 130])('of %i holds', (count) => {
    expect(engine.holds(many.slice(0, count))).toBe(true)
  })

  test.each([1, 2, 3, 8, 20, 64, 130])('of %i does not hold with one wrong, wherever', (count) => {
    const batch = many.slice(0, count)
    for (const at of [0, count >> 1, count - 1]) {
      expect(engine.holds(batch.with(at, shifted(batch[at] as Signed, 1n)))).toBe(false)
    }
  })

  test('holds for one key alone, and for the same signature twice', async () => {
    const alone = await signed(50, signers.slice(0, 1))
    expect(engine.holds(alone)).toBe(true)
    expect(engine.holds([...alone, ...alone])).toBe(true)
  })

  test('does not hold with errors that cancel each other out', () => {
    const [first, second, third] = many as [Signed, Signed, Signed]
    for (let round = 0; round < 20; round++) {
      expect(engine.holds([first, shifted(second, 1n), shifted(third, -1n)])).toBe(false)
      expect(engine.holds([shifted(first, 1n), shifted(second, -1n), third])).toBe(false)
    }
  })

  test('would hold with errors that cancel each other out, were its chances known', async () => {
    const foreseen = await batchEngine({ random: (bytes) => bytes.fill(7) })
    const [first, second, third] = many as [Signed, Signed, Signed]
    expect(foreseen.holds([first, shifted(second, 1n), shifted(third, -1n)])).toBe(true)
    expect(foreseen.holds([first, shifted(second, 1n), third])).toBe(false)
  })

  test('asks for new chances each time, 128 bits for each signature', async () => {
    const random = vi.fn((bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes))
    const counted = await batchEngine({ random })
    expect(counted.holds(many)).toBe(true)
    expect(counted.holds(many.with(5, shifted(many[5] as Signed, 1n)))).toBe(false)
    expect(random.mock.calls.map(([bytes]) => bytes.length)).toEqual([130 * 16, 130 * 16])
  })

  test('is not larger than it may be', () => {
    const large = Array<Signed>(engine.maximum + 1).fill(many[0] as Signed)
    expect(() => engine.holds(large)).toThrow(RangeError)
    expect(engine.holds(large.slice(1))).toBe(true)
  })
})

describe('SIG-1 many keys at once', () => {
  /** Of order 8: "Taming the many EdDSAs" (ePrint 2020/1244), table 6a. */
  const EIGHTH = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
  const keyOf = (point: Point): KeyText => keyText(point.toBytes())
  const points = Array.from({ length: 300 }, (_, i) => Point.BASE.multiply(BigInt(i + 1) ** 20n))
  const good = points.map(keyOf)
  const times = (n: number): Point =>
    Array.from({ length: n }).reduce<Point>((sum) => sum.add(EIGHTH), Point.ZERO)

  test.each([0, 1, 2, 200, 300])('admits %i that are good', (count) => {
    expect(engine.admitAll(good.slice(0, count))).toEqual(Array(count).fill(true))
  })

  test.each([1, 2, 3, 4, 5, 6, 7])('refuses the one whose torsion is %i eighths', (eighths) => {
    const at = 40 * eighths
    const twisted = keyOf((points[at] as Point).add(times(eighths)))
    expect(engine.admitAll(good.with(at, twisted))).toEqual(good.map((_, i) => i !== at))
  })

  test('refuses two whose torsion adds up to none', () => {
    const twisted = [times(3), times(5)].map((torsion, i) => keyOf((points[i] as Point).add(torsion)))
    expect(engine.admitAll([...twisted, ...good.slice(2)])).toEqual(good.map((_, i) => i > 1))
  })

  test('refuses what is no point, and the points of small order', () => {
    const none = keyText(new Uint8Array(32).with(0, 2))
    const refused = [none, ...Array.from({ length: 8 }, (_, n) => keyOf(times(n)))]
    expect(engine.admitAll([...refused, ...good])).toEqual([
      ...refused.map(() => false),
      ...good.map(() => true),
    ])
    // Those without torsion are looked at together, and this is one of them.
    expect(engine.admitAll([keyOf(Point.ZERO), ...good])).toEqual([false, ...good.map(() => true)])
  })

  test('would admit torsion, were its chances known', async () => {
    const foreseen = await batchEngine({ random: (bytes) => bytes.fill(0) })
    const twisted = keyOf((points[0] as Point).add(times(4)))
    expect(foreseen.admitAll(good.with(0, twisted))).toEqual(good.map(() => true))
  })

  test('of more than it keeps decoded', () => {
    const many = Array.from({ length: engine.maximum + 300 }, (_, i) => good[i % 300] as KeyText)
    expect(engine.admitAll(many).every((verdict) => verdict)).toBe(true)
  })
})

test('SIG-4 each wrong one of many is found, and no other', () => {
  const places = new Set([0, 17, 18, 64, 129])
  const batch = many.map((one, i) => (places.has(i) ? shifted(one, 1n) : one))
  expect(verifier.verifyAll(batch)).toEqual(batch.map((_, i) => (places.has(i) ? wrong : holds)))
})

test('SIG-4 a batch all of whose signatures are wrong', () => {
  const batch = many.slice(0, 20).map((one) => shifted(one, 5n))
  expect(verifier.verifyAll(batch)).toEqual(batch.map(() => wrong))
})

test('SIG-4 a signature of another, or of another message', () => {
  const [first, second] = many as [Signed, Signed]
  expect(
    verifier.verifyAll([
      { ...first, publicKey: second.publicKey },
      { ...first, message: second.message },
      { ...first, signature: second.signature },
      first,
    ]),
  ).toEqual([wrong, wrong, wrong, holds])
})
