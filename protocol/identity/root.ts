import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { DOMAIN } from '../domains.ts'
import { derive } from '../hash.ts'
import { type Signer, signerFromSeed } from '../signature.ts'

/** The entropy behind a recovery phrase: 256 bits, 24 words. */
export const ENTROPY_BYTES = 32
export const PHRASE_WORDS = 24

/**
 * The 24 words of 32 bytes of entropy (BIP-39, English list). The words are an argument because they weigh more than the protocol, and a peer
 * that makes no identity needs none.
 */
export function phraseOf(entropy: Uint8Array, words: readonly string[]): readonly string[] {
  if (entropy.length !== ENTROPY_BYTES) throw new RangeError(`a recovery phrase holds ${ENTROPY_BYTES} bytes`)
  return entropyToMnemonic(entropy, words as string[]).split(' ')
}

/** The entropy of a phrase that a person typed, in any case and spacing; `undefined` when a word or the checksum is wrong. */
export function entropyOf(phrase: string, words: readonly string[]): Uint8Array | undefined {
  const typed = phrase.trim().toLowerCase().normalize('NFKD').split(/\s+/)
  if (typed.length !== PHRASE_WORDS) return undefined
  try {
    return mnemonicToEntropy(typed.join(' '), words as string[])
  } catch {
    // The library's only way to say that a word is not of the list or the checksum is wrong.
    return undefined
  }
}

/**
 * The root key of a person in one community (SPEC §5.1): HKDF-SHA256 of the entropy, salted with the community's nonce.
 * One phrase serves many communities, and nobody can tell that two members are one person.
 */
export function rootSigner(entropy: Uint8Array, communityNonce: Uint8Array): Signer {
  return signerFromSeed(rootSeed(entropy, communityNonce))
}

/** The 32-byte Ed25519 seed of that key, for who opens what was sealed for it. */
export function rootSeed(entropy: Uint8Array, communityNonce: Uint8Array): Uint8Array {
  if (entropy.length !== ENTROPY_BYTES) throw new RangeError(`a recovery phrase holds ${ENTROPY_BYTES} bytes`)
  return derive(entropy, communityNonce, DOMAIN.root)
}
