import { keyText } from '../../protocol/ids.ts'
import { SEED_BYTES, type Signer, signerFromSeed } from '../../protocol/signature.ts'
import type { Random } from '../ports/random.ts'
import { supportsEd25519 } from './native.ts'

const ED25519 = { name: 'Ed25519' } as const

/**
 * A device's private key as it is stored: with the platform, which signs and never shows it, or, where the platform has no Ed25519, as a seed.
 */
export type DeviceKey =
  | { readonly kind: 'platform'; readonly privateKey: CryptoKey; readonly publicKey: Uint8Array }
  | { readonly kind: 'seed'; readonly seed: Uint8Array }

/** Makes a new device key, non-extractable where the platform can. */
export async function makeDeviceKey(random: Random): Promise<DeviceKey> {
  const subtle = globalThis.crypto?.subtle
  if (!subtle || !(await supportsEd25519(subtle))) return { kind: 'seed', seed: random.bytes(SEED_BYTES) }
  const pair = (await subtle.generateKey(ED25519, false, ['sign', 'verify'])) as CryptoKeyPair
  const publicKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey))
  return { kind: 'platform', privateKey: pair.privateKey, publicKey }
}

/** Signs with a stored device key. Ed25519 is deterministic, so both kinds give the same signature for the same key. */
export function deviceSigner(key: DeviceKey): Signer {
  if (key.kind === 'seed') return signerFromSeed(key.seed)
  return {
    publicKey: keyText(key.publicKey),
    async sign(message) {
      return new Uint8Array(await crypto.subtle.sign(ED25519, key.privateKey, message as BufferSource))
    },
  }
}
