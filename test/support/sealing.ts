import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { Point } from '@noble/ed25519'
import { encodeValue, type Value } from '../../protocol/codec.ts'
import { type CommunityId, type Id, idBytes, type KeyText, keyBytes } from '../../protocol/ids.ts'

/** Sealing (SPEC §6.14) written a second time, on the platform's cryptography, and able to do it wrong. */

export interface Sealing {
  readonly type: string
  readonly community: CommunityId
  readonly m: Id
  readonly n: number
  readonly prev: Id
  readonly v: number
  readonly keys: readonly KeyText[]
  readonly seed: Uint8Array
}

/** What somebody who seals may do otherwise. */
export interface Mischief {
  /** In place of the padded content. */
  readonly plain?: Uint8Array
  /** The public key is another point with which everybody shares the same: one of small order is added to it. */
  readonly withTorsion?: boolean
  /** The seed that the recipient with this index is given. */
  readonly given?: { readonly to: number; readonly seed: Uint8Array }
  readonly change?: (fields: { [name: string]: Value }) => Value
}

export function sealed(sealing: Sealing, content: Value, mischief: Mischief = {}): Uint8Array {
  const { v, keys, seed } = sealing
  const context = contextBytes(sealing)
  const secret = hkdf(seed, context, info('x'))
  const x = mischief.withTorsion ? plusSmallOrder(rawPublic(secret)) : rawPublic(secret)
  const to = keys.map((one, i) => {
    const { given } = mischief
    const key = hkdf(agreed(secret, one), context, info('key', x, keyBytes(one)))
    return encrypt(key, context, given?.to === i ? given.seed : seed)
  })
  const plain = mischief.plain ?? padded(encodeValue(content))
  const box = encrypt(hkdf(seed, context, info('box')), context, plain)
  const fields = { v, x, to, box }
  return encodeValue(mischief.change ? mischief.change(fields) : fields)
}

export function padded(content: Uint8Array): Uint8Array {
  const out = Buffer.alloc(1600)
  out.writeUInt16BE(content.length)
  out.set(content, 2)
  return new Uint8Array(out)
}

function contextBytes({ type, community, m, n, prev, v, keys }: Sealing): Uint8Array {
  const value = encodeValue({ v, keys: keys.map(keyBytes), m: idBytes(m), n, prev: idBytes(prev) })
  const name = Buffer.from(type)
  const domain = Buffer.from('palabre/v1/sealed\0')
  return Buffer.concat([domain, Uint8Array.of(name.length), name, idBytes(community), value])
}

function info(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from(`palabre/v1/sealed\0${label}`), ...parts])
}

/** What the secret of X25519 and an Ed25519 key share. */
export function agreed(secret: Uint8Array, key: KeyText): Uint8Array {
  const publicKey = publicOf(montgomery(key))
  return new Uint8Array(diffieHellman({ privateKey: privateOf(secret), publicKey }))
}

export function hkdf(secret: Uint8Array, salt: Uint8Array, label: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, label, 32))
}

/** ChaCha20-Poly1305 with a nonce of zeros. */
export function encrypt(key: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, new Uint8Array(12), { authTagLength: 16 })
  cipher.setAAD(aad, { plaintextLength: plain.length })
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
}

const P = 2n ** 255n - 19n

/** RFC 7748 §4.1, with the inverse by Fermat. */
function montgomery(key: KeyText): Uint8Array {
  return fromEdwards(keyBytes(key))
}

function fromEdwards(point: Uint8Array): Uint8Array {
  const y = integer(point) & (2n ** 255n - 1n)
  const u = ((1n + y) * power((P + 1n - y) % P, P - 2n)) % P
  return Buffer.from(u.toString(16).padStart(64, '0'), 'hex').reverse()
}

/** A point of order 8. */
const OF_ORDER_8 = Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex')

function plusSmallOrder(u: Uint8Array): Uint8Array {
  const y = ((integer(u) + P - 1n) * power(integer(u) + 1n, P - 2n)) % P
  const encoded = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
  return fromEdwards(Point.fromBytes(encoded).add(Point.fromBytes(OF_ORDER_8)).toBytes())
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % P) {
    if (rest & 1n) result = (result * square) % P
  }
  return result
}

/** The headers of RFC 8410 in front of the 32 bytes. */
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex')
const PUBLIC = Buffer.from('302a300506032b656e032100', 'hex')

function privateOf(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE, secret]), format: 'der', type: 'pkcs8' })
}

function publicOf(u: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC, u]), format: 'der', type: 'spki' })
}

export function rawPublic(secret: Uint8Array): Uint8Array {
  const der = createPublicKey(privateOf(secret)).export({ format: 'der', type: 'spki' })
  return new Uint8Array(der.subarray(PUBLIC.length))
}
