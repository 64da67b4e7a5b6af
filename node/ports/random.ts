import { utf8ToBytes } from '@noble/hashes/utils.js'
import { hash } from '../../protocol/hash.ts'

/** Where secrets and nonces come from. */
export interface Random {
  /** So many bytes that nobody can guess. */
  bytes(length: number): Uint8Array
}

/** The platform's cryptographic source, in browsers and in Node alike. */
export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

/**
 * A source in memory that gives the same bytes for the same seed: SHA-256 of the seed and a decimal counter. For simulations and tests that must run
 * again as they ran; whoever knows the seed knows every byte.
 */
export function seededRandom(seed: Uint8Array): Random {
  let block = new Uint8Array(0)
  let counter = 0
  return {
    bytes(length) {
      const out = new Uint8Array(length)
      for (let filled = 0; filled < length; ) {
        if (block.length === 0) block = Uint8Array.from(hash(seed, utf8ToBytes(String(counter++))))
        const taken = block.subarray(0, length - filled)
        out.set(taken, filled)
        block = block.subarray(taken.length)
        filled += taken.length
      }
      return out
    },
  }
}
