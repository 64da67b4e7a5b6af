import { createPrivateKey, hash, type KeyObject, sign } from 'node:crypto'
import type { KeyText } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'

/** Keys at hand: those of who acts now and then again soon. Each costs 3 kB outside of the engine's memory. */
const KEPT = 16_384

/** The keys of made-up people: each by a name, and the same for the same seed. */
export interface Keys {
  /** 32 bytes. */
  seed(name: string): Uint8Array
  signer(name: string): Signer
}

/** Signs with the platform, twenty times as fast as noble. Ed25519 has one signature for one message, so the bytes are the same. */
export function keysFrom(seed: string): Keys {
  const kept = new Map<string, Signer>()
  const seedOf = (name: string): Uint8Array => new Uint8Array(hash('sha256', `${seed}\n${name}`, 'buffer'))
  return {
    seed: seedOf,
    signer(name) {
      const known = kept.get(name)
      if (known !== undefined) return known
      const signer = signerOf(seedOf(name))
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value as string)
      kept.set(name, signer)
      return signer
    },
  }
}

function signerOf(seed: Uint8Array): Signer {
  const key = privateKey(seed)
  return {
    publicKey: key.export({ format: 'jwk' }).x as KeyText,
    sign: async (message) => new Uint8Array(sign(null, message, key)),
  }
}

/** RFC 8037 §2. Of a private key the engine reads `d` alone, but wants to see an `x`. */
function privateKey(seed: Uint8Array): KeyObject {
  const d = Buffer.from(seed).toString('base64url')
  return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x: d }, format: 'jwk' })
}
