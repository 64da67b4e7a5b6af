import type { AdmitPoint, NativeVerify, Verifier } from '../../protocol/signature.ts'
import { createVerifier } from '../../protocol/signature.ts'

/** RFC 8410's header of a raw Ed25519 public key is not needed: WebCrypto takes the 32 bytes as they are. */
const ED25519 = { name: 'Ed25519' } as const

/**
 * The platform's Ed25519, through WebCrypto: Chromium from 137, Firefox from 129, Safari from 17, Node. `undefined` where it has none, found out by asking it
 * for a key of our own once.
 */
export async function nativeVerify(
  subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle,
): Promise<NativeVerify | undefined> {
  if (!subtle || !(await supportsEd25519(subtle))) return undefined
  return async (signature, message, publicKey) => {
    let key: CryptoKey
    try {
      key = await subtle.importKey('raw', publicKey as BufferSource, ED25519, false, ['verify'])
    } catch (cause) {
      // Engines that check a key on import say no here; noble decides. Anything else is the platform's failure.
      if (cause instanceof DOMException && cause.name === 'DataError') return false
      throw cause
    }
    return subtle.verify(ED25519, key, signature as BufferSource, message as BufferSource)
  }
}

/**
 * The signature rule on this platform, with its fast path where there is one.
 * @param admitPoint a faster one than noble's, for whoever meets many keys
 */
export async function platformVerifier(admitPoint?: AdmitPoint): Promise<Verifier> {
  return createVerifier(await nativeVerify(), undefined, admitPoint)
}

/** True when the platform makes, signs with and stores Ed25519 keys. */
export async function supportsEd25519(subtle: SubtleCrypto): Promise<boolean> {
  try {
    await subtle.generateKey(ED25519, false, ['sign', 'verify'])
    return true
  } catch (cause) {
    if (cause instanceof DOMException || cause instanceof TypeError) return false
    throw cause
  }
}
