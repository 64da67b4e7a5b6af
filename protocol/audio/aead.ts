/**
 * AES-GCM (NIST SP 800-38D) with a nonce of 12 bytes and a tag of 16 at the end of the ciphertext. The platform does it: every one has it in hardware,
 * and a table in a script would tell its neighbours about the key.
 */
export interface Aead {
  /** @param key 16 or 32 bytes */
  importKey(key: Uint8Array): Promise<AeadKey>
}

export interface AeadKey {
  seal(nonce: Uint8Array, associated: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array>
  /** `undefined` when the tag does not hold. */
  open(nonce: Uint8Array, associated: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array | undefined>
}

export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16
