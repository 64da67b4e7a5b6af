import type { Aead } from '../../protocol/audio/aead.ts'

const GCM = 'AES-GCM'

/** The platform's AES-GCM, through WebCrypto. Its keys cannot be read back. */
export const platformAead: Aead = {
  async importKey(bytes) {
    const { subtle } = globalThis.crypto
    const key = await subtle.importKey('raw', bytes as BufferSource, GCM, false, ['encrypt', 'decrypt'])
    const parameters = (nonce: Uint8Array, associated: Uint8Array): AesGcmParams => ({
      name: GCM,
      iv: nonce as BufferSource,
      additionalData: associated as BufferSource,
    })
    return {
      async seal(nonce, associated, plaintext) {
        const sealed = await subtle.encrypt(parameters(nonce, associated), key, plaintext as BufferSource)
        return new Uint8Array(sealed)
      },
      async open(nonce, associated, ciphertext) {
        try {
          const opened = await subtle.decrypt(parameters(nonce, associated), key, ciphertext as BufferSource)
          return new Uint8Array(opened)
        } catch (cause) {
          // How WebCrypto says that a tag does not hold. Whatever else fails is the platform's failure.
          if (cause instanceof DOMException && cause.name === 'OperationError') return undefined
          throw cause
        }
      },
    }
  },
}
