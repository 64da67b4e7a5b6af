import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { bytesOf } from '../../support/community.ts'
import { hex } from '../format.ts'

/**
 * One crafted signature. `verdict` is known from how it was made, by the definition of SPEC §4.2, and never by asking the code.
 */
export interface SignatureCase {
  readonly name: string
  readonly key: string
  readonly message: string
  readonly signature: string
  readonly verdict: 'holds' | 'key-not-admitted' | 'signature-malformed' | 'signature-wrong'
}

const L = 2n ** 252n + 27742317777372353535851937790883648493n
const P = 2n ** 255n - 19n
const SIGN = 1n << 255n

/** A 32-byte string and what it stands for. */
interface Encoded {
  readonly name: string
  readonly bytes: Uint8Array
  /** RFC 8032 §5.1.3 accepts it. */
  readonly canonical: boolean
}

/** Where Ed25519 engines are known to differ, and what surrounds it. */
export function signatureCases(): readonly SignatureCase[] {
  return [
    ...smallOrderKeys(),
    ...smallOrderCommitments(),
    ...torsionInCommitment(),
    ...mixedOrderKeys(),
    ...outsideTheCurve(),
    ...ordinary(),
  ]
}

/** A and R both of small order: k and S hardly matter, so anybody can sign for such a key. */
function smallOrderKeys(): SignatureCase[] {
  const encodings = smallOrderEncodings()
  return encodings.flatMap((key) =>
    encodings.flatMap((commitment) =>
      (
        [
          ['0', 0n],
          ['the order', L],
        ] as const
      ).map(([s, scalar]) => ({
        name: `A ${key.name}, R ${commitment.name}, S ${s}`,
        ...spelled(key.bytes, message(`${key.name} ${commitment.name}`), commitment.bytes, scalar),
        verdict: 'key-not-admitted' as const,
      })),
    ),
  )
}

/** A good key and R of small order: r is 0, and the equation holds with the cofactor whatever the torsion. */
function smallOrderCommitments(): SignatureCase[] {
  return ['a key', 'another key', 'a third key'].flatMap((label) => {
    const a = scalarOf(label)
    const key = Point.BASE.multiply(a).toBytes()
    return smallOrderEncodings().flatMap(({ name, bytes, canonical }) => {
      const text = message(`${label} ${name}`)
      const s = (challenge(bytes, key, text) * a) % L
      const variants: readonly (readonly [string, bigint, boolean])[] = [
        ['that fits', s, true],
        ['that fits and the order', s + L, false],
        ['0', 0n, false],
        ['1', 1n, false],
        ['the order less 1', L - 1n, false],
        ['the order', L, false],
      ]
      return variants.map(([what, scalar, fits]) => ({
        name: `a good key, R ${name}, S ${what}`,
        ...spelled(key, text, bytes, scalar),
        verdict: scalar >= L || !canonical ? 'signature-malformed' : fits ? 'holds' : 'signature-wrong',
      }))
    })
  })
}

/** A good signature with torsion added to R before it was hashed: valid with the cofactor alone. */
function torsionInCommitment(): SignatureCase[] {
  return ['one', 'two', 'three', 'four'].flatMap((label) => {
    const a = scalarOf(`key ${label}`)
    const r = scalarOf(`nonce ${label}`)
    const key = Point.BASE.multiply(a).toBytes()
    return torsion().flatMap((point, i) => {
      const commitment = Point.BASE.multiply(r).add(point).toBytes()
      const text = message(`torsion ${label} ${i}`)
      const s = (r + challenge(commitment, key, text) * a) % L
      const made = (what: string, scalar: bigint, verdict: SignatureCase['verdict'], said = text) => ({
        name: `a good key, R with torsion ${i}, ${what}`,
        ...spelled(key, said, commitment, scalar),
        verdict,
      })
      return [
        made('S that fits', s, 'holds'),
        made('S that fits and the order', s + L, 'signature-malformed'),
        made('S one more', (s + 1n) % L, 'signature-wrong'),
        made('another message', s, 'signature-wrong', message('something else')),
      ]
    })
  })
}

/** A with torsion: whether the equation holds without the cofactor depends on k. */
function mixedOrderKeys(): SignatureCase[] {
  return ['one', 'two'].flatMap((label) => {
    const a = scalarOf(`mixed ${label}`)
    const r = scalarOf(`mixed nonce ${label}`)
    return torsion()
      .slice(1)
      .flatMap((inKey, i) =>
        torsion().map((inCommitment, j) => {
          const key = Point.BASE.multiply(a).add(inKey).toBytes()
          const commitment = Point.BASE.multiply(r).add(inCommitment).toBytes()
          const text = message(`mixed ${label} ${i} ${j}`)
          const s = (r + challenge(commitment, key, text) * a) % L
          return {
            name: `A with torsion ${i + 1}, R with torsion ${j}, S that fits`,
            ...spelled(key, text, commitment, s),
            verdict: 'key-not-admitted' as const,
          }
        }),
      )
  })
}

/** y at or above the prime, and y of no point. */
function outsideTheCurve(): SignatureCase[] {
  const a = scalarOf('outside')
  const good = Point.BASE.multiply(a).toBytes()
  const cases: SignatureCase[] = []
  for (let y = 2n; y < 19n; y++) {
    const high = encode(P + y)
    const low = encode(y)
    const text = message(`outside ${y}`)
    const s = scalarOf(`outside ${y}`)
    cases.push(
      { name: `A with y = p + ${y}`, ...spelled(high, text, good, s), verdict: 'key-not-admitted' },
      { name: `R with y = p + ${y}`, ...spelled(good, text, high, s), verdict: 'signature-malformed' },
      { name: `R with y = ${y}`, ...spelled(good, text, low, s), verdict: 'signature-wrong' },
    )
    if (!onCurve(low)) {
      cases.push({ name: `A with y = ${y}`, ...spelled(low, text, good, s), verdict: 'key-not-admitted' })
    }
  }
  return cases
}

/** Good signatures, and each with one thing changed. */
function ordinary(): SignatureCase[] {
  return Array.from({ length: 64 }, (_, i) => `ordinary ${i}`).flatMap((label, i) => {
    const a = scalarOf(label)
    const r = scalarOf(`${label} nonce`)
    const key = Point.BASE.multiply(a).toBytes()
    const commitment = Point.BASE.multiply(r).toBytes()
    const text = message(label).slice(0, i % 33)
    const s = (r + challenge(commitment, key, text) * a) % L
    const otherR = Point.BASE.multiply(r + 1n).toBytes()
    const longer = concatBytes(text, Uint8Array.of(0))
    const high = s + (1n << 255n)
    return [
      { name: `${label}: good`, ...spelled(key, text, commitment, s), verdict: 'holds' as const },
      { name: `${label}: another R`, ...spelled(key, text, otherR, s), verdict: 'signature-wrong' as const },
      {
        name: `${label}: a longer message`,
        ...spelled(key, longer, commitment, s),
        verdict: 'signature-wrong' as const,
      },
      {
        name: `${label}: the top bit of S`,
        ...spelled(key, text, commitment, high),
        verdict: 'signature-malformed' as const,
      },
    ]
  })
}

/** The eight points whose order divides 8, from the neutral one on: multiples of one of order 8. */
function torsion(): readonly Point[] {
  const generator = pointOfOrder8()
  const points = [Point.ZERO]
  for (let i = 1; i < 8; i++) points.push((points[i - 1] as Point).add(generator))
  return points
}

function pointOfOrder8(): Point {
  for (let i = 0; ; i++) {
    const candidate = encode(littleEndian(bytesOf(`torsion ${i}`)) % P)
    if (!onCurve(candidate)) continue
    const point = Point.fromBytes(candidate)
    // [L]P, whose order divides 8. L itself is out of range for `multiply`.
    const small = point.multiply(L - 1n).add(point)
    if (!small.double().double().is0()) return small
  }
}

/** All 14 spellings that some engine reads as a point of small order: 8 canonical, and 6 that are not. */
function smallOrderEncodings(): readonly Encoded[] {
  const canonical = torsion().map((point, i) => ({
    name: `torsion ${i}`,
    bytes: point.toBytes(),
    canonical: true,
  }))
  const others: readonly (readonly [string, bigint])[] = [
    ['y = 1 with the sign of x', 1n + SIGN],
    ['y = -1 with the sign of x', P - 1n + SIGN],
    ['y = p', P],
    ['y = p with the sign of x', P + SIGN],
    ['y = p + 1', P + 1n],
    ['y = p + 1 with the sign of x', P + 1n + SIGN],
  ]
  return [...canonical, ...others.map(([name, y]) => ({ name, bytes: encode(y), canonical: false }))]
}

function onCurve(bytes: Uint8Array): boolean {
  try {
    Point.fromBytes(bytes)
    return true
  } catch {
    return false
  }
}

/** k = SHA-512(R ‖ A ‖ M) mod L. */
function challenge(commitment: Uint8Array, key: Uint8Array, text: Uint8Array): bigint {
  return littleEndian(sha512(concatBytes(commitment, key, text))) % L
}

function scalarOf(label: string): bigint {
  return littleEndian(sha512(utf8ToBytes(label))) % L
}

function message(label: string): Uint8Array {
  return bytesOf(`message: ${label}`)
}

function spelled(key: Uint8Array, text: Uint8Array, commitment: Uint8Array, scalar: bigint) {
  return { key: hex(key), message: hex(text), signature: hex(concatBytes(commitment, encode(scalar))) }
}

function encode(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
