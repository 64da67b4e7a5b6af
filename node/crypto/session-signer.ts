import { type Signer, signerFromSeed } from '../../protocol/signature.ts'
import { supportsEd25519 } from './native.ts'

/** PKCS #8 of an Ed25519 private key, up to its seed (RFC 8410 §7). */
const PKCS8 = Uint8Array.from('302e020100300506032b657004220420'.match(/../g) ?? [], (pair) =>
  Number.parseInt(pair, 16),
)

/** Signs with a session's seed: through WebCrypto where the platform has Ed25519, which is some fifty times faster. The signatures are the same. */
export async function sessionSigner(seed: Uint8Array): Promise<Signer> {
  const slow = signerFromSeed(seed)
  const { subtle } = globalThis.crypto
  if (!(await supportsEd25519(subtle))) return slow
  const bytes = Uint8Array.of(...PKCS8, ...seed)
  const key = await subtle.importKey('pkcs8', bytes, 'Ed25519', false, ['sign'])
  return {
    publicKey: slow.publicKey,
    sign: async (message) => new Uint8Array(await subtle.sign('Ed25519', key, message as BufferSource)),
  }
}
